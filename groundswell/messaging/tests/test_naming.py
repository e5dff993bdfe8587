"""What a sending domain says of itself in DNS."""

import pytest

from groundswell.messaging import naming
from groundswell.messaging.naming import Records, lookups_in, records_of
from groundswell.messaging.tests.web_and_names import names

SPF, KEY, POLICY = "v=spf1 include:_spf.example.net -all", "v=DKIM1; k=rsa; p=MIGf", "v=DMARC1; p=reject; aspf=s"


@pytest.fixture
def known(monkeypatch):
    records = {}
    with names(records) as found:
        monkeypatch.setattr(naming, "resolver", lambda: found)
        yield records


def test_all_three_are_found(known):
    known |= {
        "example.org": ["google-site-verification=x", SPF],
        "mail._domainkey.example.org": [KEY],
        "_dmarc.example.org": [POLICY],
    }
    assert records_of("example.org", "mail") == Records([SPF], KEY, POLICY)


def test_what_is_not_there_is_told_from_nobody_answering(known):
    assert records_of("example.org", "mail") == Records([], "", "")
    known |= {"example.org": None, "mail._domainkey.example.org": None, "_dmarc.example.org": None}
    assert records_of("example.org", "mail") == Records(None, None, None)


def test_the_policy_of_the_domain_above_counts(known):
    known |= {"_dmarc.example.org": [POLICY]}
    assert records_of("news.example.org", "").dmarc == POLICY
    known |= {"_dmarc.news.example.org": ["v=DMARC1; p=none"]}
    assert records_of("news.example.org", "").dmarc == "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("record", "n"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 all", 0),
        ("v=spf1 a mx:example.org include:x.example ?exists:%{i}.example redirect=_spf.example", 5),
        ("v=spf1 a/24 a:mail.example ~all", 2),
    ],
)
def test_the_questions_of_a_record_are_counted(record, n):
    assert lookups_in(record) == n
