"""Mails as others send them: reports of mail servers, complaints, answers."""

from email.message import EmailMessage
from email.utils import make_msgid

from groundswell.messaging.tokens import token


def returned(copy=None, *, action="failed", status="5.1.1", said="550 5.1.1 No such user here", address="", name=""):
    """An RFC 3464 report, with our mail's headers where it names a copy."""
    own = f"Message-ID: <{copy.pk}@example.org>\nSubject: July\n" if copy else "Subject: July\n"
    return f"""From: Mail Delivery Subsystem <mailer-daemon@mx.example>
To: groundswell@localhost
Subject: Undelivered Mail Returned to Sender
Message-ID: {name or make_msgid(domain="mx.example")}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

This is the mail system at host mx.example. I could not deliver your message.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; {address or (copy.address if copy else "erin@example.org")}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b1
Content-Type: text/rfc822-headers

{own}
--b1--
""".replace("\n", "\r\n").encode()


def returned_in_words(copy, subject="failure notice", said="550 mailbox not found"):
    """As qmail and others write it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example
To: groundswell@localhost
Subject: {subject}
Message-ID: {make_msgid(domain="mx.example")}

Hi. This is the qmail-send program at mx.example.
<{copy.address}>: {said}

--- Below this line is a copy of the message.

Message-ID: <{copy.pk}@example.org>
Subject: July, a mailbox full of news
""".replace("\n", "\r\n").encode()


def complaint(copy, *, kind="abuse", by_token=False):
    """An RFC 5965 report; some take our Message-ID out and leave the links."""
    own = f"List-Unsubscribe: <https://x.example/u/{token(copy.pk)}>" if by_token else f"Message-ID: <{copy.pk}@e.org>"
    return f"""From: feedback@isp.example
To: groundswell@localhost
Subject: FW: July
Message-ID: {make_msgid(domain="isp.example")}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"

--b1
Content-Type: text/plain

This is an email abuse report.

--b1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1

--b1
Content-Type: message/rfc822

From: groundswell@localhost
{own}
Subject: July

Hello
--b1--
""".replace("\n", "\r\n").encode()


def answer(copy, text, *, by_reference=False, sender="erin@example.org", **headers):
    """Somebody answers: to the address that the copy asks for, or to another with only our Message-ID."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "groundswell@localhost" if by_reference else f"reply+{token(copy.pk)}@answers.example.org"
    mail["Subject"] = "Re: July"
    mail["Message-ID"] = headers.pop("message_id", None) or make_msgid(domain="example.net")
    if by_reference:
        mail["In-Reply-To"] = f"<{copy.pk}@example.org>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()
