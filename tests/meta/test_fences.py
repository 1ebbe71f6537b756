"""A code block that is wrong fails: the documentation's tests are worth what these say."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil.example import SybilFailure

from tests.meta import fences

TABLES = """
```sql
CREATE TABLE events AS
SELECT 'a' AS event_name, 'u' AS distinct_id, TIMESTAMP '2026-01-01' AS event_time, '{}'::JSON AS properties
```

```sql
CREATE TABLE profiles AS
SELECT 'u' AS distinct_id, TIMESTAMP '2026-01-01' AS last_seen, '{"plan": "pro"}'::JSON AS properties
```
"""
SCRIPT = """
```javascript
function main() {
  return Events({from_date: "2026-01-01", to_date: "2026-01-01"}).map(event => event.name);
}
```
"""
STEP = "```yaml\njobs: {one: {steps: [{%s}]}}\n```\n"
WRONG = {
    "another output": "```console\n$ echo one\ntwo\n```\n",
    "a command that fails": "```console\n$ false\n```\n",
    "a script that fails": "```bash\nfalse | cat\necho done\n```\n",
    "no such target": "```sh\nmake nothing\n```\n",
    "no such extra": "```sh\npip install 'mixpanel-data[nothing]'\n```\n",
    "no setup": "```sh\nmp events\n```\n",
    "a step that fails": STEP % "run: 'false'",
    "a step with a foreign action": STEP % "uses: someone/something@main",
    "another answer": "```sql\nSELECT 1 AS n\n```\n\n```csv\nn\n2\n```\n",
    "SQL that a script contradicts": f"{TABLES}{SCRIPT}\n```sql\nSELECT 'b'\n```\n",
    "a script with an error": f"{TABLES}\n```javascript\nfunction main() {{ return nothing; }}\n```\n",
}
RIGHT = {
    "what a command prints": "```console\n$ echo one \\\n> two; echo three\none...\n```\n",
    "a file for later": "```bash\n# say.sh\necho said\n```\n\n```console\n$ bash say.sh\nsaid\n```\n",
    "a project in the environment": "```bash\nmp events --quiet | grep Purchase\n```\n",
    "SQL as a script has it": f"{TABLES}{SCRIPT}\n```sql\nSELECT 'a' AS name\n```\n\n```csv\nname\na\n```\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_block_fails(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(SybilFailure):
        fences.run(page)


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_a_right_block_passes(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(text)
    assert fences.kinds(page)
    fences.run(page)
