#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares docs/reference.md with the public headers: check_reference.py ROOT COMPILER [FLAG]...

Preprocesses dovetail/dovetail.hpp and collects the types, functions and constants of namespace
dovetail and the public member functions. Prints each that the page lacks, and each name on the page
that no header declares; exits with 1 if there is one. Constructors, operators and namespace detail
do not count. In a table row of the page that begins with a `Type`, the other names are its members.
"""
import re
import subprocess
import sys
from pathlib import Path

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|::|\S')
CLOSING = {"(": ")", "{": "}", "[": "]", "<": ">"}


def public_text(root, compiler):
    """Returns the preprocessed text of the files below include/."""
    headers = str(root / "include")
    umbrella = headers + "/dovetail/dovetail.hpp"
    command = [*compiler, "-std=c++20", "-E", "-w", "-I", headers, "-x", "c++", umbrella]
    lines, is_public = [], False
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    for line in result.stdout.splitlines():
        if marker := re.match(r'# \d+ "(.*?)"', line):
            is_public = marker[1].startswith(headers)
        elif is_public:
            lines.append(line)
    return "\n".join(lines)


def after(tokens, i):
    """Returns the position after the bracket that closes tokens[i]."""
    opening, depth = tokens[i], 0
    for j in range(i, len(tokens)):
        depth += (tokens[j] == opening) - (tokens[j] == CLOSING[opening])
        if depth == 0:
            return j + 1
    raise ValueError(f"{opening} is not closed")


def after_template(tokens, i):
    """Returns the position after the parameters and the constraint of the template at i."""
    i = after(tokens, i + 1)
    while tokens[i] in ("requires", "&"):
        i += 1
        if tokens[i] == "(":
            i = after(tokens, i)
    return i


def declaration(tokens, i):
    """Returns the words of the declaration at i, but those in brackets, and the position after."""
    words = []
    while tokens[i] != ";":
        if tokens[i] == "{":
            is_class = words[0] in ("class", "struct", "namespace")
            if is_class:
                return words, i + 1
            # A member's initializer, x{0}, is no body; nor is the list of an inline variable.
            is_body = "(" in words and not (":" in words and re.match(r"\w", words[-1]))
            i = after(tokens, i)
            if is_body:
                return words, i
        elif tokens[i] in ("(", "["):
            words.append(tokens[i])
            i = after(tokens, i)
        elif tokens[i] == "__attribute__":
            i = after(tokens, i + 1)
        else:
            words.append(tokens[i])
            i += 1
    return words, i + 1


def collect(tokens, i, scope, is_public, names):
    """Adds the names that the scope at i declares, and returns the position after its brace."""
    while i < len(tokens) and tokens[i] != "}":
        if tokens[i] in ("public", "private", "protected") and tokens[i + 1] == ":":
            is_public = tokens[i] == "public"
            i += 2
            continue
        if tokens[i] == ";" or tokens[i] == "[":  # [[an attribute]]
            i = i + 1 if tokens[i] == ";" else after(tokens, i)
            continue
        if tokens[i] == "template" and tokens[i + 1] == "<":
            i = after_template(tokens, i)
            continue
        words, i = declaration(tokens, i)
        if tokens[i - 1] == "{":
            kind, name = words[:2]
            if not is_public or name == "detail":
                i = after(tokens, i - 1)
                continue
            if kind == "namespace":
                name = re.sub(r"^dovetail(::)?", "", "".join(words[1:]))
            path = "::".join(filter(None, [scope, name]))
            if kind != "namespace":
                names.add(path)
            i = collect(tokens, i, path, kind != "class", names)
        elif is_public:
            add(words, scope, names)
    return i + 1


def add(words, scope, names):
    """Adds the name that the words of a declaration declare, if it counts."""
    if words[0] in ("friend", "static_assert", "class", "struct") or {"operator", "~"} & set(words):
        return
    if words[:1] == ["using"] and "=" not in words:
        return  # the base's constructors
    if words[0] in ("enum", "using", "concept"):
        name = words[2] if words[:2] == ["enum", "class"] else words[1]
    elif "(" in words and "=" not in words[: words.index("(")]:
        if "decltype" in words:  # decltype(auto)
            words = words[words.index("decltype") + 2 :]
        name = words[words.index("(") - 1]
        if name == scope.split("::")[-1] or words[-1] == "delete":
            return
    elif scope in ("", "interop"):
        name = words[words.index("=") - 1] if "=" in words else words[-1]
    else:
        return  # a field
    names.add("::".join(filter(None, [scope, name])))


def names_on_page(page):
    """Returns the names in the page's tables, qualified by the type that begins their row."""
    names = set()
    for line in page.splitlines():
        if not line.startswith("|"):
            continue
        cells = line.strip("|").split("|")
        owner = re.fullmatch(r"\s*`([\w:]+)`\s*", cells[0])
        if owner:
            names.add(owner[1])
        prefix = owner[1] + "::" if owner else ""
        names |= {prefix + name for name in re.findall(r"`([\w:]+)`", "|".join(cells[1:]))}
    return names


def main():
    root = Path(sys.argv[1])
    declared = set()
    collect(TOKEN.findall(public_text(root, sys.argv[2:])), 0, "", True, declared)
    on_page = names_on_page((root / "docs/reference.md").read_text(encoding="utf-8"))
    for name in sorted(declared - on_page):
        print(f"docs/reference.md lacks {name}")
    for name in sorted(on_page - declared):
        print(f"docs/reference.md names {name}, which no header declares")
    sys.exit(declared != on_page)


if __name__ == "__main__":
    main()
