"""Search in Chinese, which writes no spaces between words: by single characters and by pairs of neighbours.

单元状态 is found where 单元, 元状 and 状态 are. No dictionary is needed, and no page is missed because
it cut the text into other words than the reader did. Latin words are searched as in English.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
RUN = re.compile(rf"{HAN.pattern}+|(?:(?!{HAN.pattern})\w)+")
# The same cut for what a reader types, but of several characters only the pairs: they say more.
SPLITTER = """
function splitQuery(query) {
  const runs = query.match(/HAN+|(?:(?!HAN)[\\p{Letter}\\p{Number}_])+/gu) || [];
  return runs.flatMap(run => {
    if (run.length === 1 || !/HAN/.test(run)) return [run];
    return [...run].slice(1).map((second, k) => run[k] + second);
  });
}
""".replace("HAN", HAN.pattern)


class SearchChinese(SearchEnglish):
    """Sphinx' own needs jieba, and then finds only words that the reader cuts as jieba does."""

    lang = "zh"
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        found = []
        for run in RUN.findall(input):
            found += [*run, *map("".join, pairwise(run))] if HAN.match(run) else [run]
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_search_language(SearchChinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
