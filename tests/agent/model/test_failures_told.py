"""What a person is told to check is something that they gave, or could have got wrong."""

from __future__ import annotations

import socket

import pytest

from agent.model.endpoint import Endpoint
from agent.model.failures import from_connection, from_status

OWN = Endpoint(api_key="sk-ant-x")
GIVEN = Endpoint(provider="endpoint", base_url="http://models.example:8000", model="m")
LOCAL = Endpoint(provider="endpoint", base_url="http://localhost:11434", model="m")


@pytest.mark.parametrize("error", [socket.gaierror(), ConnectionRefusedError(), OSError("odd")])
def test_without_a_base_url_none_is_to_be_checked(error: OSError) -> None:
    said = str(from_connection(error, OWN))
    assert "base URL" not in said
    assert "api.anthropic.com" in said
    assert "base URL" in str(from_connection(error, GIVEN))


def test_each_failure_names_what_is_wrong_and_the_way_out() -> None:
    assert str(from_connection(socket.gaierror(), OWN)).startswith("No network")
    assert "start the model server" in str(from_connection(ConnectionRefusedError(), LOCAL))
    assert "does not accept the key" in str(from_status(401, {}, OWN, "m"))
    assert "wants a key and was given none" in str(from_status(401, {}, LOCAL, "m"))
    missing = {"error": {"type": "not_found_error", "message": "model: m"}}
    assert "has no model 'm'" in str(from_status(404, missing, LOCAL, "m"))
    assert "not with the Messages API" in str(from_status(404, "<html>", LOCAL, "m"))
