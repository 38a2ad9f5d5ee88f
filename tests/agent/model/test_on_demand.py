"""Of the model SDK that is loaded which is used; the rest is there when it is asked for."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import agent.model.client
from agent.model.on_demand import ONLY_NAMED, load_sdk

load_sdk()
loaded = set(sys.modules)
import anthropic
import httpx2
import anthropic.types

client = anthropic.AsyncAnthropic(api_key="none", http_client=httpx2.AsyncClient())
assert callable(client.models.with_raw_response.retrieve)
assert anthropic.types.Message and anthropic.types.RawMessageStreamEvent and anthropic.AsyncStream
of_the_sdk = [name for name in sys.modules if name.startswith("anthropic")]
assert len(of_the_sdk) < 600, len(of_the_sdk)
assert not [name for name in set(of_the_sdk) - loaded], "loaded in the loop, and not by load_sdk"

# What stands for classes that only the tracing names is nowhere else.
for module in [sys.modules[name] for name in of_the_sdk if "_tracing" not in name]:
    for name, value in vars(module).items():
        empty = isinstance(value, type) and str(value.__module__).startswith(ONLY_NAMED)
        assert not empty or value.__bases__ != (object,), (module, name)
assert issubclass(anthropic._error_classes.BetaInvalidMetadataError, anthropic.APIStatusError)
from anthropic.types.message_create_params import MessageCreateParams
assert MessageCreateParams

from anthropic import NotFoundError, beta_tool, types
from anthropic.types import beta

assert issubclass(NotFoundError, anthropic.APIStatusError)
assert anthropic.__version__ and anthropic.resources.messages.AsyncMessages
assert isinstance(client.messages, anthropic.resources.messages.AsyncMessages)
assert beta.BetaMessage.__name__ == "BetaMessage"
for package in (anthropic, types, beta):
    try:
        package.no_such_name
    except AttributeError as error:
        assert "no_such_name" in str(error)
    else:
        raise AssertionError(package)
# Only a star gives this one.
assert anthropic.AsyncMessageStream and beta_tool
assert "AsyncMessageStream" in vars(anthropic)
"""


def test_the_sdk_is_loaded_in_part_and_whole_when_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
