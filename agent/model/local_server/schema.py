"""Request validation against the SDK's own parameter types, made strict.

The SDK describes requests as TypedDicts for type checkers, not for validation: extra keys pass,
`Iterable` is validated lazily (that is, never), and `__required_keys__` is wrong because the
annotations are strings. So each type is rebuilt once: TypedDicts forbid extra keys and take their
required keys from the resolved hints, iterables become lists, and unions of blocks are told apart
by their tag, which also gives error texts like the real API's.
"""

from __future__ import annotations

import collections.abc
import os
import types
import typing
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.model.local_server.errors import ApiError, invalid

Shape = Literal["create", "count_tokens"]

_STRICT = ConfigDict(extra="forbid", strict=True)
_LOOSE = ConfigDict(extra="allow", strict=True)
_MARKERS: tuple[Any, Any] = (typing_extensions.Required, typing_extensions.NotRequired)
_NOT_IN_BODY = frozenset({"workspace_id", "user_profile_id", "betas"})
"""Parameters of the SDK's methods that travel as headers."""

_PLACES = {"ToolParam": "custom", "BetaToolParam": "custom"}
"""Names of ours in error places, and what the API calls them."""


def validate(body: object, shape: Shape, *, beta: bool) -> None:
    """Check a request body.

    Args:
        body: the parsed JSON.
        shape: which request it is.
        beta: whether it switches on any beta, which unlocks the fields of all of them here.

    Raises:
        ApiError: an `invalid_request_error` that names the first wrong place.
    """
    try:
        adapter(shape, beta=beta).validate_python(body)
    except ValidationError as error:
        raise _worded(error) from None


@cache
def adapter(shape: Shape, *, beta: bool) -> TypeAdapter[Any]:
    """Build the validator of one kind of request; imports the SDK's types, which takes long."""
    module = import_module(
        f"anthropic.types{'.beta' if beta else ''}.message_{shape}_params",
    )
    source = getattr(
        module, "MessageCreateParamsBase" if shape == "create" else "MessageCountTokensParams"
    )
    fields = {name: hint for name, hint in _fields(source).items() if name not in _NOT_IN_BODY}
    if shape == "create":
        fields["stream"] = typing_extensions.NotRequired[bool]
    return TypeAdapter(_typed_dict("Request", fields, _STRICT))


def _fields(source: Any) -> dict[str, Any]:
    """The resolved hints of a TypedDict, each marked Required or NotRequired."""
    hints = typing_extensions.get_type_hints(source, include_extras=True)
    totality = _totality(source)
    fields = {}
    for name, hint in hints.items():
        required = totality[name]
        while (marker := get_origin(hint)) in _MARKERS:
            required = marker is _MARKERS[0]
            hint = get_args(hint)[0]
        fields[name] = _MARKERS[0 if required else 1][_strict(hint)]
    return fields


def _totality(source: Any) -> dict[str, bool]:
    """Whether each unmarked key is required: a base may be total where its heir is not."""
    known: dict[str, bool] = {}
    for base in getattr(source, "__orig_bases__", ()):
        if typing_extensions.is_typeddict(base):
            known.update(_totality(base))
    own = {name: source.__total__ for name in source.__annotations__ if name not in known}
    return known | own


def _typed_dict(name: str, fields: dict[str, Any], config: ConfigDict) -> Any:
    make: Any = typing_extensions.TypedDict
    made = make(name, fields)
    made.__pydantic_config__ = config
    return made


@cache
def _strict_dict(source: Any, *, beside_any: bool = False) -> Any:
    """Rebuild a TypedDict; `beside_any` says that any other key is meant to be taken, too."""
    allowed = getattr(source, "__pydantic_config__", {}).get("extra") == "allow"
    loose = allowed or beside_any
    return _typed_dict(source.__name__, _fields(source), _LOOSE if loose else _STRICT)


def _strict(hint: Any) -> Any:
    """Rebuild one type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if typing_extensions.is_typeddict(hint):
        return _strict_dict(hint)
    if origin in (collections.abc.Iterable, list, collections.abc.Sequence):
        return list[_strict(arguments[0])]  # type: ignore[misc]
    if origin is dict:
        return dict[str, _strict(arguments[1])]  # type: ignore[misc]
    if origin is Annotated:
        return _strict(arguments[0])
    if origin in (Union, types.UnionType):
        return _strict_union(arguments)
    if getattr(hint, "__name__", "") == "SequenceNotStr" or (
        getattr(origin, "__name__", "") == "SequenceNotStr"
    ):
        return list[_strict(arguments[0])]  # type: ignore[misc]
    if hint is object:
        return Any
    return hint


def _strict_union(arguments: tuple[Any, ...]) -> Any:
    members: list[Any] = []
    for argument in _flat(arguments):
        # Response models stand in the unions for callers who pass them back as objects. On the
        # wire each has the shape of the parameter type with the same tag.
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            continue
        # Files are a convenience of the SDK, which sends their content as text.
        if (get_origin(argument) or argument) in (typing.IO, os.PathLike):
            continue
        members.append(argument)
    shapes = [member for member in members if typing_extensions.is_typeddict(member)]
    others = [_strict(member) for member in members if not typing_extensions.is_typeddict(member)]
    # InputSchema allows any dict beside its typed form; the API itself insists on that one's keys.
    beside_any = False
    if shapes:
        beside_any = any(get_origin(other) is dict for other in others)
        others = [other for other in others if get_origin(other) is not dict]
    strict_shapes = [_strict_dict(shape, beside_any=beside_any) for shape in shapes]
    tag = _tag(strict_shapes)
    if len(strict_shapes) > 1 and tag is not None:
        union: Any = Union[tuple(strict_shapes)]  # noqa: UP007 - built at run time
        others.append(Annotated[union, Field(discriminator=tag)])
    else:
        others.extend(strict_shapes)
    return Union[tuple(others)] if others else Any  # noqa: UP007 - built at run time


def _flat(arguments: tuple[Any, ...]) -> collections.abc.Iterator[Any]:
    for argument in arguments:
        bare = get_args(argument)[0] if get_origin(argument) is Annotated else argument
        if get_origin(bare) in (Union, types.UnionType):
            yield from _flat(get_args(bare))
        else:
            yield argument


def _tag(shapes: list[Any]) -> str | None:
    """The key whose required literal tells the shapes apart, if there is one."""
    for name in ("type", "role"):
        values: list[str] = []
        for shape in shapes:
            hint = typing_extensions.get_type_hints(shape, include_extras=False).get(name)
            values.extend(get_args(hint) if get_origin(hint) is typing.Literal else [""])
        if "" not in values and len(values) == len(set(values)):
            return name
    return None


def _worded(error: ValidationError) -> ApiError:
    # Every member of a union reports; the one that got furthest is the one that was meant.
    told = error.errors(include_url=False, include_context=True)
    first = max(told, key=lambda one: (len(one["loc"]), one["type"] == "extra_forbidden"))
    parts = [_PLACES.get(str(part), str(part)) for part in first["loc"] if "[" not in str(part)]
    if len(parts) > 2 and parts[0] == "messages":
        del parts[2]
    place = ".".join(parts)
    message = {
        "extra_forbidden": "Extra inputs are not permitted",
        "missing": "Field required",
    }.get(first["type"], first["msg"])
    return invalid(f"{place}: {message}" if place else message)
