# SPDX-License-Identifier: BSD-2-Clause
"""Documents against tools/weir-1.schema.json: as much of JSON Schema as that uses.

    schema.py [FILE...]     checks documents, one a line or one a file; standard input by default
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
         "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "minimum",
         "maximum", "pattern", "required", "properties", "additionalProperties", "items"}


class Invalid(ValueError):
    pass


def load():
    with open(os.path.join(HERE, "../../tools/weir-1.schema.json")) as file:
        return json.load(file)


def is_type(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def check_scalar(value, schema, where):
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            raise Invalid(f"{where}: {value!r} is no {' or '.join(names)}")
    if "const" in schema and value != schema["const"]:
        raise Invalid(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{where}: {value!r} is none of {schema['enum']}")
    if is_type(value, "number"):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            raise Invalid(f"{where}: {value} is out of range")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        raise Invalid(f"{where}: {value!r} does not match {schema['pattern']}")


def check_object(value, schema, root, where):
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            raise Invalid(f"{where}: {name} is missing")
    for name, member in value.items():
        # The schema allows keys that come later; tests see that it tells of those there are.
        inner = properties.get(name, schema.get("additionalProperties"))
        if inner is None:
            raise Invalid(f"{where}: the schema does not tell of {name}")
        check(member, inner, root, f"{where}.{name}")


def check(value, schema, root, where="document"):
    unknown = set(schema) - KNOWN
    if unknown:
        raise Invalid(f"the schema uses {unknown}, which this program does not know")
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    check_scalar(value, schema, where)
    if isinstance(value, dict):
        check_object(value, schema, root, where)
    for i, item in enumerate(value if isinstance(value, list) else []):
        check(item, schema.get("items", {}), root, f"{where}[{i}]")


def documents(text):
    """Of a file: all of it one document, or one a line."""
    return [json.loads(text)] if "\n}" in text else [json.loads(line) for line in text.splitlines()]


def main():
    schema, count = load(), 0
    files = [open(name) for name in sys.argv[1:]] or [sys.stdin]
    for file in files:
        with file:
            for document in documents(file.read()):
                check(document, schema, schema)
                count += 1
    print(f"{count} documents are as the schema has them")


if __name__ == "__main__":
    main()
