"""Expressions of the mapping language: Jinja2 with a vocabulary of its own; its one home.

* A name reaches JSON and nothing else: no attribute or method of a Python object can be named, and
  what is not in the lists below is refused when the file is loaded.
* What is missing, at any depth, is `MISSING`: no error, and the property is left out. A JSON null
  counts as missing as well, and as `NULL` for `or_clear`. So does a sum with a missing part.
* `{{ one_expression }}` keeps its type; text around it makes all of it text, trimmed.
* Arithmetic is decimal: 0.1 + 0.2 is 0.3.
* In a template that is HTML, the values are escaped unless `safe_html` says they are HTML.
"""

from workers.expressions.checking import nearest
from workers.expressions.foreseen import Foreseen, Sort, foresee
from workers.expressions.missing import CLEAR, MISSING, NULL, Clear, Missing
from workers.expressions.templates import NAMES, Expression, Scope, compile_template, literal
from workers.expressions.vocabulary import FILTER_NAMES, TESTS

__all__ = [
    "CLEAR",
    "FILTER_NAMES",
    "MISSING",
    "NAMES",
    "NULL",
    "TESTS",
    "Clear",
    "Expression",
    "Foreseen",
    "Missing",
    "Scope",
    "Sort",
    "compile_template",
    "foresee",
    "literal",
    "nearest",
]
