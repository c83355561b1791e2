"""What follows from a declaration of settings: the form, its checks, and the settings as filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, get_origin

from pydantic import SecretStr, ValidationError

from metarr_desktop.domain.errors import NotSetUp, Refused
from metarr_desktop.domain.forms import FieldKind, FieldSpec, PlainValue
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic.fields import FieldInfo

    from metarr_desktop.services.declaration import ServiceConfig

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})


class Declared(Protocol):
    """Whatever declares settings: a service, or a source."""

    @property
    def key(self) -> str:
        """What it is called in names and commands."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def config(self) -> type[ServiceConfig]:
        """Its settings."""


def field_specs(declared: Declared) -> tuple[FieldSpec, ...]:
    """Describe the form, in the order of the declaration, and what few people change at its end."""
    specs = (_spec(name, info) for name, info in declared.config.model_fields.items())
    return tuple(sorted(specs, key=lambda spec: spec.advanced))


def secret_fields(declared: Declared) -> tuple[str, ...]:
    """Name the fields whose value lives in the keyring."""
    return tuple(spec.name for spec in field_specs(declared) if spec.kind == "secret")


def missing_fields(
    declared: Declared, plain: Mapping[str, object], secrets_set: Collection[str]
) -> tuple[str, ...]:
    """Name the required fields that are empty."""
    return tuple(
        spec.name
        for spec in field_specs(declared)
        if spec.required
        and (
            spec.name not in secrets_set
            if spec.kind == "secret"
            else str(plain.get(spec.name) or "").strip() == ""
        )
    )


def check_field(declared: Declared, name: str, value: PlainValue) -> Text | None:
    """Return what is wrong with one value, plain or secret, as typed; None where nothing is."""
    spec = _find(declared, name)
    if isinstance(value, str):
        value = value.strip()
    if value == "":
        return text("Enter the {field}.", field=_lower(spec.title)) if spec.required else None
    try:
        declared.config.model_validate({name: value})
    except ValidationError as error:
        if any(each["loc"][:1] == (name,) for each in error.errors(include_input=False)):
            return _complaint(spec, error, value=value)
    return None


def parse_value(declared: Declared, name: str, given: str) -> PlainValue:
    """Turn typed text into the value of a field; nothing clears it. Raises Refused with what is wrong."""
    spec = _find(declared, name)
    # A password is taken as it is, white space and all.
    typed = given if spec.kind == "secret" else given.strip()
    if typed == "":
        return spec.default
    value: PlainValue = typed
    if spec.kind == "boolean":
        if typed.lower() not in TRUE_WORDS | FALSE_WORDS:
            raise Refused(text("{field} is yes or no.", field=spec.title))
        value = typed.lower() in TRUE_WORDS
    elif spec.kind == "choice":
        value = _chosen(spec, typed, others=declared.config.model_fields[name].annotation is str)
    elif spec.kind == "integer" and re.fullmatch(r"[+-]?[0-9]{1,18}", typed):
        value = int(typed)
    complaint = check_field(declared, name, value)
    if complaint is not None:
        raise Refused(complaint)
    return value


def build_config(
    declared: Declared, plain: Mapping[str, object], secrets: Mapping[str, str]
) -> ServiceConfig:
    """Build the settings to send with. Raises NotSetUp, naming the first thing that is missing or wrong."""
    filled = {name: value for name, value in secrets.items() if value}
    given: dict[str, Any] = {}
    for spec in field_specs(declared):
        # Only the keyring holds secrets: one that stands among the plain values is not used.
        if spec.kind == "secret":
            if spec.name in filled:
                # As a secret already, so that a password keeps its white space.
                given[spec.name] = SecretStr(filled[spec.name])
            continue
        value = plain.get(spec.name)
        if value is not None and (value != "" or spec.kind == "text"):
            given[spec.name] = value
    for name in missing_fields(declared, given, filled):
        raise _not_set_up(declared, check_field(declared, name, ""))
    try:
        return declared.config.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        name = str(first["loc"][0])
        complaint = _complaint(_find(declared, name), error, value=given.get(name, ""))
        # The cause would show what was typed.
        raise _not_set_up(declared, complaint) from None


def _not_set_up(declared: Declared, complaint: Text | None) -> NotSetUp:
    return NotSetUp(
        text("{service} is not set up. {complaint}", service=declared.title, complaint=str(complaint or ""))
    )


def _find(declared: Declared, name: str) -> FieldSpec:
    for spec in field_specs(declared):
        if spec.name == name:
            return spec
    names = ", ".join(spec.name for spec in field_specs(declared))
    raise Refused(
        text(
            "{service} has no setting {name}. It has: {names}.",
            service=declared.title,
            name=name,
            names=names,
        )
    )


def _spec(name: str, info: FieldInfo) -> FieldSpec:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    labels = extra.get("labels")
    kind, choices = _kind(info, labels=labels if isinstance(labels, dict) else {})
    required = info.is_required()
    default: Any = "" if required or kind == "secret" else info.default
    limits = {type(limit).__name__: limit for limit in info.metadata}
    return FieldSpec(
        name=name,
        title=info.title or name,
        kind=kind,
        description=info.description or "",
        default=default,
        choices=choices,
        minimum=getattr(limits.get("Ge"), "ge", None),
        maximum=getattr(limits.get("Le"), "le", None),
        required=required,
        advanced=bool(extra.get("advanced", False)),
        placeholder=str(extra.get("placeholder", "")),
        open=bool(extra.get("open", False)),
    )


def _kind(
    info: FieldInfo, *, labels: Mapping[str, Any]
) -> tuple[FieldKind, tuple[tuple[PlainValue, str], ...]]:
    """Text with labels is a choice too, one that also takes other values where they are typed."""
    annotation = info.annotation
    if get_origin(annotation) is Literal:
        return "choice", tuple((value, str(labels.get(str(value), value))) for value in get_args(annotation))
    if annotation is str and labels:
        return "choice", tuple((value, str(label)) for value, label in labels.items())
    if annotation is SecretStr:
        return "secret", ()
    if annotation is bool:
        return "boolean", ()
    return ("integer", ()) if annotation is int else ("text", ())


def _chosen(spec: FieldSpec, given: str, *, others: bool) -> PlainValue:
    for value, label in spec.choices:
        if given.casefold() in {str(value).casefold(), label.casefold()}:
            return value
    if others:
        return given
    names = ", ".join(str(value) for value, _ in spec.choices)
    raise Refused(text("{field} is one of: {names}.", field=spec.title, names=names))


def _complaint(spec: FieldSpec, error: ValidationError, *, value: object) -> Text:
    """Say what is wrong with a value, in the field's own words."""
    found = error.errors(include_url=False)
    first = next((each for each in found if each["loc"][:1] == (spec.name,)), found[0])
    own = first.get("ctx", {}).get("error")
    if isinstance(own, ValueError):
        return own.args[0] if own.args and isinstance(own.args[0], Text) else Text(str(own))
    match first["type"]:
        case "string_too_long":
            return text(
                "{field} has at most {most} characters. This has {n}.",
                field=spec.title,
                most=first["ctx"]["max_length"],
                n=len(str(value)),
            )
        case "greater_than_equal" | "less_than_equal":
            return text(
                "{field} is a number from {lowest} to {highest}.",
                field=spec.title,
                lowest=str(spec.minimum),
                highest=str(spec.maximum),
            )
        case "literal_error":
            names = ", ".join(str(choice) for choice, _ in spec.choices)
            return text("{field} is one of: {names}.", field=spec.title, names=names)
        case "int_parsing" | "int_type" | "int_from_float":
            return text("{field} is a whole number.", field=spec.title)
        case _:
            return text("{field} cannot have this value.", field=spec.title)


def _lower(title: str) -> str:
    is_word = title[1:2].islower() or title[1:2] == " "  # and not API key
    return title[:1].lower() + title[1:] if is_word else title
