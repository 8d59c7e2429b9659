"""The filter language of the COCO browser, parsed by lark and translated to SQL.

Examples: `dog>=2 and person==0`, `'traffic light' and not (car or truck)`, `vehicle>3 and crowd=no`, `caption='red bus'`.

A name is a category or supercategory, quoted if it has several words, and counts its instances in an image; a name
without a comparison means at least one. `category:NAME` and `supercategory:NAME` resolve names that are both (without a
prefix the category is meant). Names may be Japanese (`犬>=1`), operators and parentheses full-width (`犬＞＝１`).

Other counts: `small`, `medium`, `large` (instances by COCO area class), `instances` (all of them), `keypoints` and
`visible` (labeled and visible keypoints of the person that has the most). Columns: `id`, `width`, `height`. Attributes:
`crowd=no` excludes crowd regions from every count, `crowd=yes` requires one; `split=NAME`; `caption='WORDS'` requires a
caption that contains all the words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import NoReturn

import lark
from lark.visitors import Interpreter

from core.coco import category_names
from core.coco.filter_names import (
    AREA_CONDITIONS,
    ATTRIBUTES,
    KEYPOINT_COLUMNS,
    NUMBER_COLUMNS,
    FilterNames,
)
from core.messages import Message, N_, UserError, closest_names

_GRAMMAR = r"""
    ?start: disjunction
    ?disjunction: conjunction (_OR conjunction)*
    ?conjunction: factor (_AND factor)*
    ?factor: _NOT factor -> negation
           | "(" disjunction ")" -> group
           | condition
    condition: (WORD | QUOTED | NUMBER) [OPERATOR (WORD | QUOTED | NUMBER)]

    OPERATOR: />=|<=|==|!=|[=<>≥≤≠≧≦]/
    QUOTED: /'[^']*'|"[^"]*"/
    NUMBER.2: /\d+(\.\d+)?/
    WORD: /(super)?category:('[^']*'|"[^"]*")|[^\s()<>=!'"≥≤≠≧≦]+/
    _AND.3: /and(?![^\s()<>=!'"≥≤≠≧≦])/i
    _OR.3: /or(?![^\s()<>=!'"≥≤≠≧≦])/i
    _NOT.3: /not(?![^\s()<>=!'"≥≤≠≧≦])/i
    %ignore /\s+/
"""
_SQL_OPERATORS = {
    ">=": ">=",
    "<=": "<=",
    "==": "=",
    "=": "=",
    "!=": "<>",
    "<": "<",
    ">": ">",
    **dict.fromkeys("≥≧", ">="),
    **dict.fromkeys("≤≦", "<="),
    "≠": "<>",
}
# What a Japanese keyboard writes, character by character, so that positions stay the same.
_HALF_WIDTH = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "‘’「」"), "'"),
    **dict.fromkeys(map(ord, "“”"), '"'),
}
_OTHER_COUNTS = {*AREA_CONDITIONS, *KEYPOINT_COLUMNS, "instances"}
_MAX_DEPTH = 40
_MAX_DIGITS = 18  # more do not fit a 64-bit integer


@dataclass
class FilterQuery:
    """A filter as SQL over `images i`.

    Attributes:
        condition: the WHERE clause; `cK.n` is the K-th of `counts`.
        counts: aggregate and condition of each joined count.
        values: the values of the placeholders in `condition`.
        no_crowd: whether the counts exclude crowd regions.
    """

    condition: str = "TRUE"
    counts: list[tuple[str, str]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    no_crowd: bool = False

    def sql(self, columns: str) -> str:
        """Return a SELECT of `columns` of the matching images."""
        keep = " AND NOT a.crowd" if self.no_crowd else ""
        joins = "".join(
            f" LEFT JOIN (SELECT a.image, {aggregate} AS n FROM annotations a WHERE {rows}{keep} GROUP BY a.image) c{k}"
            f" ON c{k}.image = i.image"
            for k, (aggregate, rows) in enumerate(self.counts)
        )
        return f"SELECT {columns} FROM images i{joins} WHERE {self.condition}"


def parse_filter(text: str, names: FilterNames) -> FilterQuery:
    """Parse `text`; an empty filter matches every image.

    Raises UserError with the position of the first error, and the closest names if a name is unknown.
    """
    if not text.strip():
        return FilterQuery()
    compiler = _Compiler(text, names)
    query = compiler.query
    query.condition = compiler.visit(_parse_tree(_to_half_width(text), compiler))
    return query


def required_categories(text: str, names: FilterNames) -> list[str] | None:
    """Return the categories of which `text` requires one instance each ("dog>=1 and cat"); None for any other filter."""
    if not text.strip():
        return []
    try:
        tree = _parser().parse(_to_half_width(text))
    except lark.exceptions.UnexpectedInput:
        return None
    found: list[str] = []
    for condition in tree.children if tree.data == "conjunction" else [tree]:
        if condition.data != "condition":
            return None
        token, operator, value = (*condition.children, None, None)[:3]
        name = _unquote(token)
        meant = [] if name in NUMBER_COLUMNS or _is_other_count(name, names) else names.find_categories(name)
        is_one = operator is None or (_SQL_OPERATORS[operator], str(value)) in ((">=", "1"), (">", "0"))
        if len(meant) != 1 or not is_one:
            return None
        found += meant
    return list(dict.fromkeys(found))


def _is_other_count(name: str, names: FilterNames) -> bool:
    """Whether `name`, no category of the file itself, means another count or a supercategory before a Japanese category."""
    return name not in names.categories and (name in names.supercategories or name in _OTHER_COUNTS)


def _to_half_width(text: str) -> str:
    """Replace full-width characters outside quotes by ASCII ones, each by one."""
    parts = re.split(r"""('[^']*'|"[^"]*")""", text)
    return "".join(part if i % 2 else part.translate(_HALF_WIDTH) for i, part in enumerate(parts))


def format_condition(name: str, operator: str, count: int) -> str:
    """Write a condition on the number of instances of the category `name`."""
    reserved = {"and", "or", "not", *AREA_CONDITIONS, *NUMBER_COLUMNS, *KEYPOINT_COLUMNS, *ATTRIBUTES}
    if re.fullmatch(r"[^\W\d][\w-]*", name) and name.lower() not in reserved:
        return f"{name}{operator}{count}"
    quote = '"' if "'" in name else "'"
    return f"{quote}{name}{quote}{operator}{count}"


def append_condition(text: str, operator: str, condition: str) -> str:
    """Add `condition` to the filter `text` by `operator` ("and" or "or"), so that `text` keeps its meaning.

    `text` is put in parentheses unless it is a single condition or is joined by the same operator throughout.
    """
    text = text.strip()
    if not text:
        return condition
    try:
        rule = _parser().parse(_to_half_width(text)).data
    except lark.exceptions.UnexpectedInput:
        rule = ""
    same = {"and": "conjunction", "or": "disjunction"}[operator]
    return (
        f"{text if rule in ('condition', 'group', 'negation', same) else f'({text})'} {operator} {condition}"
    )


@functools.cache
def _parser() -> lark.Lark:
    return lark.Lark(_GRAMMAR, parser="lalr", propagate_positions=True)


def _parse_tree(text: str, compiler: _Compiler) -> lark.Tree:
    """Parse `text`; the first error from the left is raised, whether it is one of syntax or an unknown name."""
    parser = _parser().parse_interactive(text)
    nesting: list[str] = []
    try:
        for token in parser.iter_parse():
            _track_nesting(nesting, token, compiler)
        return parser.feed_eof()
    except lark.exceptions.UnexpectedInput as error:
        at_end = isinstance(error, lark.exceptions.UnexpectedToken) and error.token.type == "$END"
        position = len(text.rstrip()) if at_end else error.pos_in_stream
        _raise_syntax_error(parser, position, compiler)


def _track_nesting(nesting: list[str], token: lark.Token, compiler: _Compiler) -> None:
    """Keep the parentheses and negations around `token` in `nesting`. Raises UserError beyond the maximum depth."""
    if token.type in ("_AND", "_OR", "RPAR"):
        while nesting and nesting[-1] == "_NOT":
            nesting.pop()
    elif len(nesting) >= _MAX_DEPTH:
        compiler.fail(token.start_pos, N_("nesting exceeds the maximum depth of {most}"), most=_MAX_DEPTH)
    if token.type in ("_NOT", "LPAR"):
        nesting.append(token.type)
    elif token.type == "RPAR" and nesting:
        nesting.pop()


def _raise_syntax_error(
    parser: lark.parsers.lalr_interactive_parser.InteractiveParser, position: int, compiler: _Compiler
) -> NoReturn:
    expected = parser.accepts()
    if "_AND" in expected:  # an operator would follow: reduces what is complete
        parser.feed_token(lark.Token("_AND", "and"))
    stack = parser.parser_state.value_stack
    for item in stack:
        if isinstance(item, lark.Tree):
            compiler.visit(item)
    if "RPAR" in expected:
        compiler.fail(position, N_("missing closing parenthesis"))
    if "$END" in expected:
        compiler.fail(position, N_("expected `and`, `or` or the end of the filter"))
    if stack and isinstance(stack[-1], lark.Token) and stack[-1].type == "OPERATOR":
        compiler.check_operator(stack[-2], stack[-1])
        is_attribute = compiler.is_attribute(stack[-2])
        compiler.fail(position, N_("expected a value") if is_attribute else N_("expected a number"))
    compiler.fail(position, N_("expected a name"))


class _Compiler(Interpreter):
    """Translates the parse tree to the SQL of `query`."""

    def __init__(self, text: str, names: FilterNames) -> None:
        self.text, self.names, self.query = text, names, FilterQuery()

    def fail(self, position: int, reason: str, **values: object) -> NoReturn:
        """Raise the UserError of an error at `position` (0-based)."""
        raise UserError(
            N_("Invalid filter at character {place} ({near}): {reason}."),
            place=position + 1,
            near=self.text[position : position + 20].strip() or Message(N_("end of filter")),
            reason=Message(reason, values),
        )

    def disjunction(self, tree: lark.Tree) -> str:
        return "(" + " OR ".join(self.visit_children(tree)) + ")"

    def conjunction(self, tree: lark.Tree) -> str:
        return "(" + " AND ".join(self.visit_children(tree)) + ")"

    def negation(self, tree: lark.Tree) -> str:
        return f"(NOT {self.visit(tree.children[0])})"

    def group(self, tree: lark.Tree) -> str:
        return self.visit(tree.children[0])

    def condition(self, tree: lark.Tree) -> str:
        name, operator, value = (*tree.children, None, None)[:3]
        self.check_operator(name, operator)
        if self.is_attribute(name):
            return self._attribute(name.lower(), value)
        column = self._count_column(name)
        if operator is None:
            return f"({column} >= 1)"
        if value.type != "NUMBER":
            self.fail(value.start_pos, N_("expected a number"))
        if len(value) > _MAX_DIGITS:
            self.fail(value.start_pos, N_("the number is too large"))
        return f"({column} {_SQL_OPERATORS[operator]} {value})"

    def is_attribute(self, name: lark.Token) -> bool:
        """Whether a condition on `name` is one on an attribute; a category of that name comes first."""
        return name.type == "WORD" and name.lower() in ATTRIBUTES and name not in self.names.categories

    def check_operator(self, name: lark.Token, operator: lark.Token | None) -> None:
        """Raise UserError unless `name` is known and `operator` may follow it."""
        if name.type == "WORD" and name.lower() in ("and", "or"):
            self.fail(name.start_pos, N_("expected a name"))
        if not self.is_attribute(name):
            self._count_column(name)
        elif operator is None:
            rest = self.text[name.end_pos :]
            self.fail(
                len(self.text) - len(rest.lstrip()) if rest.strip() else len(self.text.rstrip()),
                N_("expected `=` and a value"),
            )
        elif operator not in ("=", "=="):
            self.fail(operator.start_pos, N_("expected `=` and a value"))

    def _attribute(self, name: str, token: lark.Token) -> str:
        value = _unquote(token)
        if name == "crowd":
            if value.lower() not in ("yes", "no"):
                self.fail(token.start_pos, N_("crowd must be yes or no"))
            if value.lower() == "no":
                self.query.no_crowd = True
                return "TRUE"
            return "(EXISTS (SELECT 1 FROM annotations a WHERE a.image = i.image AND a.crowd))"
        if name == "split":
            if value not in self.names.splits:
                self.fail(
                    token.start_pos,
                    N_("unknown split {name}; closest matches: {nearest}"),
                    name=value,
                    nearest=closest_names(value, self.names.splits),
                )
            return f"(i.split = {self.names.splits[value]})"
        words = value.lower().split()
        self.query.values += [f"%{_escape_like(word)}%" for word in words]
        matches = " AND ".join("lower(t.caption) LIKE ? ESCAPE '!'" for _word in words) or "TRUE"
        return f"(EXISTS (SELECT 1 FROM captions t WHERE t.image = i.image AND {matches}))"

    def _count_column(self, token: lark.Token) -> str:
        """Return the SQL of what a condition on `token` compares: a column of the image or a joined count."""
        name = _unquote(token)
        prefix, _, rest = name.partition(":")
        only, wanted = (
            (prefix, _unquote(rest)) if prefix in ("category", "supercategory") and rest else ("", name)
        )
        if not only and name in NUMBER_COLUMNS:
            return NUMBER_COLUMNS[name]
        if only != "supercategory" and wanted in self.names.categories:
            return self._add_count("count(*)", _category_condition(self.names.categories[wanted]))
        if only != "category" and wanted in self.names.supercategories:
            return self._add_count("count(*)", _category_condition(self.names.supercategories[wanted]))
        if not only and name in AREA_CONDITIONS:
            return self._add_count("count(*)", AREA_CONDITIONS[name])
        if not only and name == "instances":
            return self._add_count("count(*)", "TRUE")
        if not only and name in KEYPOINT_COLUMNS:
            return self._add_count(KEYPOINT_COLUMNS[name], "TRUE")
        return self._add_count("count(*)", _category_condition(self._aliased_categories(token, wanted, only)))

    def _aliased_categories(self, token: lark.Token, name: str, only: str) -> list[int]:
        """Return the category ids of a Japanese name. Raises UserError if it is unknown or stands for several names."""
        for kind, ids, found in (
            ("category", self.names.categories, self.names.find_categories(name)),
            ("supercategory", self.names.supercategories, self.names.find_supercategories(name)),
        ):
            if len(found) > 1 and only in ("", kind):
                self.fail(
                    token.start_pos,
                    N_("{name} can mean {choices}; use one of these names"),
                    name=name,
                    choices=", ".join(category_names.display_name(n, "ja") for n in found),
                )
            if found and only in ("", kind):
                return ids[found[0]]
        nearest, is_close = self.names.suggest(name)
        self.fail(
            token.start_pos,
            N_("unknown name {name}; closest matches: {nearest}")
            if is_close
            else N_("unknown name {name}; known names include {nearest}"),
            name=_unquote(token),
            nearest=", ".join(nearest),
        )

    def _add_count(self, aggregate: str, rows: str) -> str:
        if (aggregate, rows) not in self.query.counts:
            self.query.counts.append((aggregate, rows))
        return f"coalesce(c{self.query.counts.index((aggregate, rows))}.n, 0)"


def _unquote(text: str) -> str:
    return str(text[1:-1] if text[:1] in ("'", '"') else text)


def _category_condition(categories: list[int]) -> str:
    return f"a.category IN ({', '.join(map(str, categories))})"


def _escape_like(word: str) -> str:
    return re.sub(r"([!%_])", r"!\1", word)
