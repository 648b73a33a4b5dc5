"""Fails if the run on real services left out a test: there, everything that a test may need is at hand.

Usage: skips.py JUNIT_XML. A test that is about the embedded default says so with a reason that begins with
"embedded only"; it has run in `bootstrap.py test`.
"""

import sys
import xml.etree.ElementTree as ElementTree


def main(report: str) -> None:
    left_out = []
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        skipped = case.find("skipped")
        if skipped is None or skipped.get("type") == "pytest.xfail":
            continue
        reason = skipped.get("message", "")
        sys.stdout.write(f"skipped: {case.get('classname')}::{case.get('name')}: {reason}\n")
        if not reason.startswith("embedded only"):
            left_out.append(case)
    if left_out:
        sys.exit(f"Tests that should have run here and did not: {len(left_out)}, listed above.")


if __name__ == "__main__":
    main(sys.argv[1])
