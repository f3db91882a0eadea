"""Code without its texts, to compare that of two editions."""

from __future__ import annotations

import ast


def plain(source: str) -> str:
    """The code of a cell with its magics as comments."""
    return "\n".join("#" + line[1:] if line[:1] in "%!" else line for line in source.split("\n"))


class _Masked(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("…") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        fields = (part for part in node.values if isinstance(part, ast.FormattedValue))
        return ast.JoinedStr([self.generic_visit(field) for field in sorted(fields, key=ast.unparse)])


def masked(source: str) -> str:
    """The syntax tree of code as a text; of its texts the expressions alone."""
    return ast.dump(_Masked().visit(ast.parse(plain(source))))
