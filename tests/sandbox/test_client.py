"""The real client against the sandbox: in this process, and over loopback."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Settings
from mixpanel_data.exceptions import (
    APIError,
    AuthenticationError,
    ConnectionFailedError,
    DateRangeError,
    IncompleteExportError,
    PlanError,
    QueryError,
    RateLimitError,
)
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.sandbox import Fault, Project, Sandbox
from mixpanel_data.sandbox.server import serve

SETTINGS = Settings(
    attempts=1, exports_per_second=1000, exports_per_hour=10_000, queries_per_hour=10_000
)
ALL = Export("2026-01-01", "2026-03-01")
DAY = Export("2026-01-15", "2026-01-15")


@pytest.fixture(scope="module", params=["in process", "over loopback"])
def pair(request):
    """A sandbox, and a client that asks it."""
    sandbox = Sandbox(events=3000, profiles=250, limits=None, project=Project(page_size=100))
    if request.param == "in process":
        client = MixpanelAPIClient(sandbox.credentials(), settings=SETTINGS, app=sandbox)
        yield sandbox, client
        client.close()
    else:
        with serve(sandbox) as server:
            client = MixpanelAPIClient(sandbox.credentials(server.url), settings=SETTINGS)
            yield sandbox, client
            client.close()
    sandbox.close()


@pytest.fixture
def sandbox(pair):
    pair[0].faults.clear()
    yield pair[0]
    pair[0].faults.clear()


@pytest.fixture
def client(pair):
    return pair[1]


def body(client, query):
    with client.open_export(query) as stream:
        return b"".join(stream)


def test_the_client_reads_an_export_and_names_its_source(client):
    whole = body(client, ALL)
    rows = [json.loads(line) for line in whole.split(b"\n")[:-1]]
    assert len(rows) > 2500
    assert client.source == "sandbox"
    assert len(list(client.export_events("2026-01-01", "2026-03-01"))) == len(rows)
    assert all(row["properties"]["time"] > 1e12 for row in rows), "the client asks milliseconds"


def test_the_client_filters_and_limits(client):
    where = 'properties["platform"] == "iOS"'
    rows = list(client.export_events("2026-01-01", "2026-03-01", ["Purchase"], where, limit=5))
    assert len(rows) == 5


def test_the_client_reads_every_profile(client):
    profiles = list(client.export_profiles())
    assert len({row["$distinct_id"] for row in profiles}) == len(profiles) == 250
    assert all(isinstance(row["$distinct_id"], str) for row in profiles)
    pages = list(client.profile_pages(Profiles(cohort_id=1001)))
    assert sum(page.rows for page in pages) == pages[0].total > 5


def test_the_client_discovers(client):
    assert "Purchase" in client.get_events()
    assert "amount" in client.get_event_properties("Purchase")
    assert set(client.get_property_values("Sign Up", "newsletter")) == {"true", "false"}
    names = [funnel.name for funnel in client.list_funnels()]
    assert names[:2] == ["Checkout", "Signup to purchase"]
    assert [cohort.is_visible for cohort in client.list_cohorts()] == [True, True, False]
    assert client.top_events("unique")[0].amount > 0


def test_the_client_tests_its_account(client):
    test = client.test()
    assert (test.project_name, test.timezone) == ("Sandbox Shop", "UTC")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="terminated", after=5), IncompleteExportError),
        (Fault(kind="cut", after=2000), QueryError),
        (Fault(kind="truncated-gzip"), QueryError),
        (Fault(kind="rate-limit", retry_after=3600), RateLimitError),
        (Fault(kind="history"), DateRangeError),
        (Fault(kind="plan"), PlanError),
        (Fault(kind="error-200"), QueryError),
        (Fault(kind="status", status=401, message="no"), AuthenticationError),
        (
            Fault(kind="status", status=400, message="Unable to authenticate request"),
            AuthenticationError,
        ),
    ],
)
def test_the_client_notices_every_fault(client, sandbox, fault, error):
    sandbox.faults.add(fault)
    with pytest.raises(error):
        body(client, ALL)
    assert body(client, DAY)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("first-page", "page 1 of profiles was asked for, and page 0 came"),
        ("short-page", "counted 250 profiles, and sent"),
        ("no-page-size", "page_size: Field required"),
    ],
)
def test_the_client_notices_every_fault_of_profiles(client, sandbox, kind, said):
    sandbox.faults.add(Fault(kind=kind, path="engage", times=None))
    with pytest.raises(APIError, match=said):
        list(client.export_profiles())
    sandbox.faults.clear()
    assert len(list(client.export_profiles())) == 250


@pytest.mark.parametrize("page", [0, 1, 2])
def test_the_client_asks_again_for_profiles_that_a_page_lacks(client, sandbox, page):
    whole = list(client.export_profiles())
    sandbox.faults.add(Fault(kind="short-page", path="engage", nth=page + 1))
    assert list(client.export_profiles()) == whole


def test_the_client_joins_a_record_that_was_split_over_two_lines(client, sandbox):
    whole = list(client.export_events("2026-01-01", "2026-03-01"))
    sandbox.faults.add(Fault(kind="split", after=5))
    found = list(client.export_events("2026-01-01", "2026-03-01"))
    assert found[:5] + found[6:] == whole[:5] + whole[6:]
    # The line break came within a text, and is part of it.
    assert json.dumps(found[5]).replace("\\n", "") == json.dumps(whole[5])


def test_the_client_tells_a_cut_from_the_end(client, sandbox):
    sandbox.faults.add(Fault(kind="cut", after=2000))
    with pytest.raises((ConnectionFailedError, IncompleteExportError)):
        list(client.export_events("2026-01-01", "2026-03-01"))


def test_the_client_keeps_lines_whole_that_hold_other_separators(client, sandbox):
    sandbox.faults.add(Fault(kind="separators"))
    *_, last = client.export_events("2026-01-15", "2026-01-15")
    assert last["properties"]["query"] == "a\u2028b\u2029c\u0085d\u001ce\nf"


def test_the_client_takes_an_empty_body_for_no_events(client, sandbox):
    sandbox.faults.add(Fault(kind="empty"))
    assert body(client, ALL) == b""


def test_the_client_waits_for_a_stall(client, sandbox):
    sandbox.faults.add(Fault(kind="stall", after=500, seconds=0.05))
    assert body(client, DAY)


def test_the_client_tells_what_is_wrong_with_a_where(client):
    with pytest.raises(QueryError) as caught:
        body(client, Export("2026-01-01", "2026-01-02", where='like(properties["x"])'))
    assert "where" in str(caught.value)


def test_retries_pass_what_fails_twice(sandbox):
    settings = Settings(attempts=3, max_wait=0)
    client = MixpanelAPIClient(sandbox.credentials(), settings=settings, app=sandbox)
    sandbox.faults.add(Fault(kind="rate-limit", retry_after=0, times=2))
    assert client.list_funnels()
    client.close()


def test_the_credentials_of_a_legacy_project_say_so():
    sandbox = Sandbox(
        events=500,
        profiles=50,
        project=Project(timezone="US/Pacific", created=date(2020, 1, 1)),
    )
    credentials = sandbox.credentials()
    assert (credentials.legacy_time, credentials.timezone) == (True, "US/Pacific")
    client = MixpanelAPIClient(credentials, settings=SETTINGS, app=sandbox)
    rows = [json.loads(line) for line in body(client, DAY).split(b"\n")[:-1]]
    times = [datetime.fromtimestamp(row["properties"]["time"] / 1000, UTC) for row in rows]
    assert {time.date() for time in times} == {date(2026, 1, 15)}
    client.close()
    sandbox.close()
