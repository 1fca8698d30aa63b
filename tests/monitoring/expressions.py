"""Which series an expression of PromQL asks for.

promtool says whether an expression is well formed, but not what is in it. So this finds the
selectors: names that are no function, no keyword and no label of a grouping."""

import collections
import re

# matchers: tuples of label, operator, value.
Selector = collections.namedtuple("Selector", "name matchers")

STRING = r'"(?:[^"\\]|\\.)*"'
# A number or duration such as 5e6 or 5m, or a name with its matchers.
TOKEN = re.compile(r'[0-9][0-9a-zA-Z_.]*|' + STRING +
                   r'|([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\s*\{((?:[^{}"]|' + STRING + r')*)\})?')
MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
# by (job, instance): no metrics in there.
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
KEYWORDS = {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "group_left",
            "group_right"}


def selectors(expression):
    text = GROUPING.sub(" ", expression)
    found = []
    for token in TOKEN.finditer(text):
        name, matchers = token.groups()
        if name is None or name.lower() in KEYWORDS:
            continue
        # A function, or an aggregation.
        if matchers is None and re.match(r"\s*\(", text[token.end():]):
            continue
        found.append(Selector(name, MATCHER.findall(matchers or "")))
    return found
