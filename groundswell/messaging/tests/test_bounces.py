"""What mail servers mean that do not take a mail."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.messaging.bounces import Bounce, gives_up, meaning

DAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("status", "said", "meant"),
    [
        ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.", Bounce.HARD),
        ("5.0.0", "550 User unknown", Bounce.HARD),
        ("", "554 delivery error: dd Requested mail action aborted, mailbox not found", Bounce.HARD),
        ("5.5.0", "550 Requested action not taken: mailbox unavailable", Bounce.HARD),
        ("5.7.1", "550 5.7.1 <x@y>: Recipient address rejected: user not found", Bounce.HARD),
        ("5.1.2", "Host or domain name not found. Name service error", Bounce.HARD),
        ("5.2.1", "The email account that you tried to reach is disabled.", Bounce.HARD),
        ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota.", Bounce.FULL),
        ("4.2.2", "452 4.2.2 over quota", Bounce.FULL),
        ("", "552 Mailbox is full", Bounce.FULL),
        ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.", Bounce.AUTH),
        ("5.7.1", "550 5.7.1 Unauthenticated email is not accepted due to domain's DMARC policy", Bounce.AUTH),
        ("5.7.1", "550-5.7.1 Our system has detected that this message is likely unsolicited mail.", Bounce.BLOCKED),
        ("", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", Bounce.BLOCKED),
        ("5.7.606", "550 5.7.606 Access denied, banned sending IP", Bounce.BLOCKED),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", Bounce.POLICY),
        ("5.7.0", "552 5.7.0 This message was rejected", Bounce.POLICY),
        ("4.4.1", "Connection timed out", Bounce.SOFT),
        ("", "421 4.7.0 Try again later, closing connection.", Bounce.SOFT),
        ("5.4.7", "Delivery expired (message too old)", Bounce.SOFT),
        ("", "", Bounce.SOFT),
    ],
)
def test_what_a_server_says_is_understood(status, said, meant):
    assert meaning(status, said) == meant


@given(st.text(), st.text())
def test_whatever_is_said_means_something(status, said):
    assert meaning(status, said) in Bounce


@given(st.text(max_size=60))
def test_what_is_for_now_is_never_for_good(said):
    assert meaning("4.0.0", said) in {Bounce.SOFT, Bounce.FULL}


@pytest.mark.parametrize(
    ("days", "given_up"), [([0, 3, 7], True), ([0, 0, 7], False), ([0, 1, 2], False), ([0, 9], False)]
)
def test_three_days_over_a_week_are_enough(days, given_up):
    assert gives_up([DAY + timedelta(days=n) for n in days]) is given_up
