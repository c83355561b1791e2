"""Hides database drivers from Python: peewee loads each that it finds, and an installed program has none."""

from __future__ import annotations

import sys

for name in ("psycopg", "psycopg2", "psycopg2cffi", "pymysql", "MySQLdb", "pysqlite3"):
    sys.modules[name] = None  # type: ignore[assignment]
