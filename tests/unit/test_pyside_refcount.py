from __future__ import annotations

import subprocess
import sys

# Python 3.11 starts with some 5,000 references to None: a binding that loses one a call aborts the process.
CALLS = 20_000
CHILD = f"""
import gc, sys
from PySide6 import QtCore, QtWidgets

app = QtWidgets.QApplication(["refcount"])
label, receiver = QtWidgets.QLabel(), QtCore.QObject()
class Sender(QtCore.QObject):
    toggled = QtCore.Signal(bool)
sender = Sender()
sender.toggled.connect(lambda on: None)
calls = {{
    "setText": lambda: label.setText("x"),
    "setEnabled": lambda: label.setEnabled(True),
    "setObjectName": lambda: receiver.setObjectName("x"),
    "emit": lambda: sender.toggled.emit(True),
}}
for name, call in calls.items():
    before = [sys.getrefcount(one) for one in (None, True, False)]
    for _ in range({CALLS}):
        call()
    lost = [a - sys.getrefcount(one) for a, one in zip(before, (None, True, False))]
    print(name, max(lost))
"""


def test_calls_into_qt_lose_no_reference_to_none_or_true() -> None:
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=False)
    assert child.returncode == 0, f"the child died: {child.stderr[-2000:]}"
    lost = {name: int(count) for name, count in (line.split() for line in child.stdout.splitlines())}
    assert lost.keys() == {"setText", "setEnabled", "setObjectName", "emit"}
    assert max(lost.values()) < 100, lost
