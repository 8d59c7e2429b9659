"""The filter language: `dog>=2 and person==0`, `'traffic light' and not (car or truck)`, `vehicle>3 and crowd=no`, `caption='red bus'`.

    filter     = term {"or" term}
    term       = factor {"and" factor}
    factor     = "not" factor | "(" filter ")" | condition
    condition  = NAME [OP NUMBER] | ATTRIBUTE "=" VALUE

NAME is a category or supercategory, quoted where it has several words, and counts its instances in an image; a bare one means at least
one. `small`, `medium`, `large` count instances of COCO's area classes, `instances` all of them; `keypoints` is the largest number of
labelled joints of one person, `visible` that of visible ones; `id`, `width`, `height` are numbers of the image. Attributes: `crowd=no`
leaves crowd regions out of every count, `crowd=yes` asks for an image with one; `split=NAME`; `caption='WORDS'` asks for a caption that
holds all the words. `category:NAME` and `supercategory:NAME` say which is meant where both are called alike (else it is the category).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.messages import Message, N_, UserError, closest_names

_TOKEN = re.compile(
    r"""\s*(?:(?P<op>>=|<=|==|!=|=|<|>)|(?P<paren>[()])|(?P<quoted>'[^']*'|"[^"]*")|(?P<number>\d+(?:\.\d+)?)|"""
    r"""(?P<word>(?:super)?category:(?:'[^']*'|"[^"]*")|[^\s()<>=!'"]+))"""
)
_SQL_OPERATORS = {">=": ">=", "<=": "<=", "==": "=", "=": "=", "!=": "<>", "<": "<", ">": ">"}
NUMBER_COLUMNS = {"id": "i.id", "width": "i.width", "height": "i.height"}
AREA_CONDITIONS = {
    "small": "a.area < 1024",
    "medium": "a.area >= 1024 AND a.area < 9216",
    "large": "a.area >= 9216",
}
KEYPOINT_COLUMNS = {"keypoints": "max(a.labelled)", "visible": "max(a.visible)"}
ATTRIBUTES = ("crowd", "split", "caption")
_MAX_DEPTH = 40


@dataclass(frozen=True)
class FilterNames:
    """What a filter may name: category numbers by name, the categories of each supercategory, split numbers by name."""

    categories: dict[str, list[int]]
    supercategories: dict[str, list[int]]
    splits: dict[str, int]

    def every(self) -> Iterable[str]:
        """All names, as somebody may write them."""
        return [
            *self.categories,
            *self.supercategories,
            *AREA_CONDITIONS,
            *NUMBER_COLUMNS,
            "instances",
            *KEYPOINT_COLUMNS,
            *ATTRIBUTES,
        ]


@dataclass
class FilterQuery:
    """A filter as SQL over `images i`: the conditions on counts, each count its own joined table, and the values of its places."""

    condition: str = "TRUE"
    counts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    no_crowd: bool = False

    def sql(self, columns: str) -> str:
        """A SELECT of `columns` of the images that the filter takes."""
        keep = " AND NOT a.crowd" if self.no_crowd else ""
        joins = "".join(
            f" LEFT JOIN (SELECT a.image, {what} AS n FROM annotations a WHERE {which}{keep} GROUP BY a.image) c{k}"
            f" ON c{k}.image = i.image"
            for k, (what, which) in enumerate(self.counts)
        )
        return f"SELECT {columns} FROM images i{joins} WHERE {self.condition}"


def format_condition(name: str, op: str, count: int) -> str:
    """A condition on the instances of a category as it is written in a filter."""
    plain = re.fullmatch(r"[^\W\d][\w-]*", name) and name.lower() not in {
        "and",
        "or",
        "not",
        *AREA_CONDITIONS,
        *NUMBER_COLUMNS,
        *KEYPOINT_COLUMNS,
        *ATTRIBUTES,
    }
    mark = '"' if "'" in name else "'"
    return f"{name if plain else mark + name + mark}{op}{count}"


def parse_filter(text: str, names: FilterNames) -> FilterQuery:
    """`text` as a query. Raises UserError naming the place where it breaks, and the nearest name where one is unknown."""
    parser = _Parser(text, names)
    if not text.strip():
        return FilterQuery()
    condition = parser.parse_or()
    if parser.at < len(parser.tokens):
        parser.wrong(N_("expected `and`, `or` or the end of the filter"))
    return FilterQuery(condition, parser.counts, parser.values, parser.no_crowd)


class _Parser:
    def __init__(self, text: str, names: FilterNames) -> None:
        self.text, self.names = text, names
        self.tokens: list[tuple[str, str, int]] = []
        self.at, self.depth, self.counts, self.values, self.no_crowd = 0, 0, [], [], False
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if not found:
                self.tokens.append(
                    (
                        "wrong",
                        text[place:].strip()[:1],
                        place + len(text[place:]) - len(text[place:].lstrip()),
                    )
                )
                break
            self.tokens.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            place = found.end()

    def wrong(self, text: str, **values: object) -> None:
        place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text.rstrip())
        raise UserError(
            N_("Invalid filter at character {place} ({near}): {reason}."),
            place=place + 1,
            near=self.text[place : place + 20].strip() or Message(N_("end of filter")),
            reason=Message(text, values),
        )

    def peek(self, word: str) -> bool:
        return (
            self.at < len(self.tokens)
            and self.tokens[self.at][0] == "word"
            and self.tokens[self.at][1].lower() == word
        )

    def parse_or(self) -> str:
        parts = [self.parse_and()]
        while self.peek("or"):
            self.at += 1
            parts.append(self.parse_and())
        return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"

    def parse_and(self) -> str:
        parts = [self.one()]
        while self.peek("and"):
            self.at += 1
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"

    def one(self) -> str:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.wrong(N_("nesting exceeds the maximum depth of {most}"), most=_MAX_DEPTH)
        found = self.parse_not()
        self.depth -= 1
        return found

    def parse_not(self) -> str:
        if self.peek("not"):
            self.at += 1
            return f"(NOT {self.one()})"
        if (
            self.at < len(self.tokens)
            and self.tokens[self.at][1] == "("
            and self.tokens[self.at][0] == "paren"
        ):
            self.at += 1
            inside = self.parse_or()
            if self.at >= len(self.tokens) or self.tokens[self.at][1] != ")":
                self.wrong(N_("missing closing parenthesis"))
            self.at += 1
            return inside
        return self.condition()

    def condition(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in ("word", "quoted", "number"):
            self.wrong(N_("expected a name"))
        kind, name, _place = self.tokens[self.at]
        if kind == "word" and name.lower() in ("and", "or"):
            self.wrong(N_("expected a name"))
        if kind == "word" and name.lower() in ATTRIBUTES and name not in self.names.categories:
            return self.parse_attribute(name.lower())
        column = self.count_column(name[1:-1] if kind == "quoted" else name)
        self.at += 1
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "op":
            op = _SQL_OPERATORS[self.tokens[self.at][1]]
            self.at += 1
            if self.at >= len(self.tokens) or self.tokens[self.at][0] != "number":
                self.wrong(N_("expected a number"))
            number = self.tokens[self.at][1]  # digits and a point, as the tokens are cut
            if len(number) > 18:
                self.wrong(N_("the number is too large"))
            self.at += 1
            return f"({column} {op} {number})"
        return f"({column} >= 1)"

    def parse_attribute(self, name: str) -> str:
        self.at += 1
        if self.at >= len(self.tokens) or self.tokens[self.at][1] not in ("=", "=="):
            self.wrong(N_("expected `=` and a value"))
        self.at += 1
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in ("word", "quoted", "number"):
            self.wrong(N_("expected a value"))
        value = self.tokens[self.at][1]
        value = value[1:-1] if self.tokens[self.at][0] == "quoted" else value
        if name == "crowd":
            if value.lower() not in ("yes", "no"):
                self.wrong(N_("crowd must be yes or no"))
            self.at += 1
            if value.lower() == "no":
                self.no_crowd = True
                return "TRUE"
            return "(EXISTS (SELECT 1 FROM annotations a WHERE a.image = i.image AND a.crowd))"
        if name == "split":
            if value not in self.names.splits:
                self.wrong(
                    N_("unknown split {name}; closest matches: {nearest}"),
                    name=value,
                    nearest=closest_names(value, self.names.splits),
                )
            self.at += 1
            return f"(i.split = {self.names.splits[value]})"
        self.at += 1
        words = value.lower().split()
        self.values += [f"%{_escape_like(word)}%" for word in words]
        holds = " AND ".join("lower(t.caption) LIKE ? ESCAPE '!'" for _word in words) or "TRUE"
        return f"(EXISTS (SELECT 1 FROM captions t WHERE t.image = i.image AND {holds}))"

    def count_column(self, name: str) -> str:
        """What is compared: a number of the image, or one of the joined counts."""
        which, _, rest = name.partition(":")
        rest = rest[1:-1] if rest[:1] in ("'", '"') else rest
        only, wanted = (which, rest) if which in ("category", "supercategory") and rest else ("", name)
        if not only and name in NUMBER_COLUMNS:
            return NUMBER_COLUMNS[name]
        if only != "supercategory" and wanted in self.names.categories:
            return self.count("count(*)", _category_condition(self.names.categories[wanted]))
        if only != "category" and wanted in self.names.supercategories:
            return self.count("count(*)", _category_condition(self.names.supercategories[wanted]))
        if not only and name in AREA_CONDITIONS:
            return self.count("count(*)", AREA_CONDITIONS[name])
        if not only and name == "instances":
            return self.count("count(*)", "TRUE")
        if not only and name in KEYPOINT_COLUMNS:
            return self.count(KEYPOINT_COLUMNS[name], "TRUE")
        self.wrong(
            N_("unknown name {name}; closest matches: {nearest}"),
            name=name,
            nearest=closest_names(wanted, self.names.every()),
        )
        raise AssertionError("unreachable")

    def count(self, what: str, which: str) -> str:
        if (what, which) not in self.counts:
            self.counts.append((what, which))
        return f"coalesce(c{self.counts.index((what, which))}.n, 0)"


def _category_condition(numbers: list[int]) -> str:
    return f"a.category IN ({', '.join(map(str, numbers))})"


def _escape_like(word: str) -> str:
    return re.sub(r"([!%_])", r"!\1", word)
