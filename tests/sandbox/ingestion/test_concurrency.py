"""Many threads send and ask at once, as they do on the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from mixpanel_data.sandbox import Sandbox
from tests.sandbox.conftest import Asker

SENDERS, ROUNDS = 6, 12


def test_nothing_that_is_sent_at_once_is_lost_or_doubled():
    sandbox = Sandbox(events=300, profiles=60, limits=None)
    token = sandbox.project.token
    before = len(Asker(sandbox).lines())
    start = Barrier(SENDERS + 2)

    def send(n):
        ask = Asker(sandbox)
        start.wait()
        for turn in range(ROUNDS):
            ids = {"distinct_id": f"s{n}", "$insert_id": f"{n}-{turn}", "token": token}
            event = {"event": "Sent", "properties": ids}
            assert ask.post("/track", [event], project=False).text == "1"
            added = {"$token": token, "$distinct_id": "shared", "$add": {"n": 1, f"n{n}": 1}}
            assert ask.post("/engage", [added], project=False).text == "1"
            group = {"$token": token, "$group_key": f"key{n}", "$group_id": "g", "$set": {}}
            assert ask.post("/groups", [group], project=False).text == "1"

    def read(_):
        ask = Asker(sandbox)
        start.wait()
        sizes = [len(ask.lines(event=["Sent"])) for _ in range(ROUNDS)]
        assert sizes == sorted(sizes)
        assert all(ask("query/engage").status_code == 200 for _ in range(ROUNDS))

    with ThreadPoolExecutor(SENDERS + 2) as pool:
        work = [pool.submit(send, n) for n in range(SENDERS)]
        work += [pool.submit(read, n) for n in range(2)]
        for each in work:
            each.result()
    ask = Asker(sandbox)
    sent = ask.lines(event=["Sent"])
    assert len(sent) == len({e["properties"]["$insert_id"] for e in sent}) == SENDERS * ROUNDS
    assert len(ask.lines()) == before + SENDERS * ROUNDS
    (shared,) = ask("query/engage", distinct_id="shared").json["results"]
    assert shared["$properties"]["n"] == SENDERS * ROUNDS
    assert {shared["$properties"][f"n{n}"] for n in range(SENDERS)} == {ROUNDS}
    ids = ask("/_sandbox/groups").json
    assert len(set(ids.values())) == SENDERS + 1
    sandbox.close()


def test_what_is_sent_lies_in_a_file_that_goes_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sandbox = Sandbox(events=300, profiles=30, limits=None)
    ask = Asker(sandbox)
    answer = ask("2.0/export", from_date="2026-01-01", to_date="2026-03-01", hold=True)
    assert not list(tmp_path.glob("mixpanel-data-*")), "who only reads needs no file"
    ask.send(("A", "2026-02-01"))
    (folder,) = tmp_path.glob("mixpanel-data-*")
    assert list(folder.iterdir())
    assert len(ask.lines()) == len(answer.data.splitlines()) + 1, "begun answers end as they began"
    answer.close()
    sandbox.close()
    assert not list(tmp_path.glob("mixpanel-data-*"))
