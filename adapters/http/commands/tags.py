"""Entity tags of what can be edited: the same for the same value, whoever asks."""

from hashlib import sha256

from pydantic import BaseModel


def tag_of(value: BaseModel | None) -> str:
    told = value.model_dump_json() if value is not None else ""
    return f'"{sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'
