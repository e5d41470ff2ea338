"""What a view's row is made of, as its annotations say; stores make their tables of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from projections.projection import Projection

Convert = Callable[[Any], Any]
Conversions = tuple[tuple[int, Convert], ...]


class RowType(NamedTuple):
    """How rows of one projection become what a driver takes, and are made of what it answers."""

    row: type[Any]
    fields: tuple[str, ...]
    kinds: tuple[type[Any], ...]
    """The class of each field, without ``None`` and without parameters."""
    key: tuple[str, ...]
    choosers: frozenset[str]
    """Fields by which rows may be chosen: text, enums of text, yes and no."""
    encoders: Conversions
    decoders: Conversions

    def encode(self, row: Sequence[Any]) -> Sequence[Any]:
        return converted(row, self.encoders) if self.encoders else row

    def columns(self, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
        """What the rows have in each field, encoded."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for index, convert in self.encoders:
            columns[index] = [each if each is None else convert(each) for each in columns[index]]
        return columns

    def decode(self, values: Sequence[Any]) -> Any:
        return self.row._make(converted(values, self.decoders))

    def stored(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """The key and the row of what a driver answers; None where no row is encoded so."""
        key = tuple(values[: len(self.key)])
        try:
            return key, self.decode(values)
        except (ValueError, TypeError, LookupError, ArithmeticError):
            return key, None

    def decode_some(self, fields: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
        """The values of these fields alone."""
        decoders = dict(self.decoders)
        places = map(self.fields.index, fields)
        wanted = ((i, decoders[at]) for i, at in enumerate(places) if at in decoders)
        return tuple(converted(values, tuple(wanted)))

    def asked(
        self, prefix: Sequence[str], equal: Mapping[str, str | bool]
    ) -> dict[str, str | bool]:
        """By field, what chosen rows have there, as a driver takes it, which knows no enums."""
        asked = {**dict(zip(self.key, prefix, strict=False)), **equal}
        for field in asked:
            if field not in self.choosers:
                raise ValueError(f"{self.row.__name__} has no field {field} to choose by")
        return {
            field: value if isinstance(value, bool) else str(value)
            for field, value in asked.items()
        }


def row_type(
    projection: Projection,
    encoder: Callable[[type[Any]], Convert | None],
    decoder: Callable[[type[Any]], Convert | None],
) -> RowType:
    """``encoder`` and ``decoder`` say how a driver has values of a class; None: as they are."""
    hints = get_type_hints(projection.row)
    fields: tuple[str, ...] = projection.row._fields
    kinds = tuple(kind_of(hints[field]) for field in fields)
    return RowType(
        row=projection.row,
        fields=fields,
        kinds=kinds,
        key=fields[: projection.key_length],
        choosers=frozenset(
            field for field, kind in zip(fields, kinds, strict=True) if issubclass(kind, str | bool)
        ),
        encoders=_conversions(kinds, encoder),
        decoders=_conversions(kinds, decoder),
    )


def _conversions(
    kinds: Sequence[type[Any]], of: Callable[[type[Any]], Convert | None]
) -> Conversions:
    made = ((index, of(kind)) for index, kind in enumerate(kinds))
    return tuple((index, convert) for index, convert in made if convert is not None)


def kind_of(hint: Any) -> Any:
    """The class of an annotation, without ``None`` and without parameters."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return get_origin(hint) or hint


def converted(values: Sequence[Any], conversions: Conversions) -> list[Any]:
    """The values, of which those at these places were converted, except for ``None``."""
    found = list(values)
    for index, convert in conversions:
        value = found[index]
        if value is not None:
            found[index] = convert(value)
    return found
