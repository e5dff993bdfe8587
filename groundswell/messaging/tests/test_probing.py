"""Looking at an address on the web: whether it is there, and never into our own network."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from groundswell.messaging import looking
from groundswell.messaging.looking import Seen, look
from groundswell.messaging.tests.web_and_names import asked, web


@pytest.fixture
def site(settings):
    settings.LOOK_AT_LOOPBACK = True
    with web() as address:
        yield address


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/ok", Seen(status=200)),
        ("/ok?a=b&c=%20d", Seen(status=200)),
        ("/gone", Seen("gone", 404)),
        ("/forbidden", Seen("status", 403)),
        ("/no-head", Seen(status=200)),
        ("/to?/ok", Seen(status=200)),
        ("/to?/gone", Seen("gone", 404)),
        ("/loop", Seen("redirects")),
    ],
)
def test_it_says_what_answers(site, path, seen):
    assert look(f"{site}{path}") == seen


def test_a_link_is_asked_for_without_its_content_where_the_server_lets(site):
    look(f"{site}/ok")
    assert asked() == ["HEAD /ok"]
    look(f"{site}/no-head")
    assert asked()[1:] == ["HEAD /no-head", "GET /no-head"]


def test_a_picture_is_weighed(site):
    assert look(f"{site}/image", image=True) == Seen(status=200, size=2_000)
    assert look(f"{site}/ok", image=True) == Seen("no_image", 200)


def test_a_server_that_drips_is_left_after_a_while(site, monkeypatch):
    monkeypatch.setattr(looking, "WHOLE_S", 0.5)
    assert look(f"{site}/drip").why == "silent"


def test_a_host_that_does_not_answer_is_silent(settings):
    settings.LOOK_AT_LOOPBACK = True
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        assert look(f"http://127.0.0.1:{unheard.getsockname()[1]}/") == Seen("silent")


def certify(folder):
    """A key, and a certificate of its own for "localhost", in two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(key.private_bytes(pem, form, plain))
    (folder / "cert").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))


def test_a_certificate_is_asked_for_in_the_name_of_the_host(settings, tmp_path, monkeypatch):
    """Though the connection goes to an address: one of nobody's is refused, one of the host's own is good."""
    settings.LOOK_AT_LOOPBACK = True
    certify(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    with web(server) as site:
        port = site.rpartition(":")[2]
        assert look(f"https://localhost:{port}/ok") == Seen("certificate")
        trusting = ssl.create_default_context(cafile=tmp_path / "cert")
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert look(f"https://localhost:{port}/ok") == Seen(status=200)
        assert look(f"https://127.0.0.1:{port}/ok") == Seen("certificate")


# --- our own network -----------------------------------------------------------------------------------------------
PRIVATE = [
    *("127.0.0.1", "127.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("224.0.0.1", "255.255.255.255", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"),
    *("[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("[2002:7f00:1::]", "[2001:0:7f00:1::]"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_no_address_leads_into_our_network(host):
    with web() as address:
        port = address.rpartition(":")[2]
        assert look(f"http://{host}:{port}/ok").why in {"private", "host", "silent"}
        assert asked() == []


def test_with_the_guard_off_it_would_be_asked(monkeypatch):
    monkeypatch.setattr(looking, "_may_ask", lambda address: True)
    with web() as address:
        assert look(f"{address}/ok") == Seen(status=200)


def test_a_redirect_is_asked_the_same_questions(site, monkeypatch):
    others = {"inside.example": "10.0.0.1", "rebound.example": "127.0.0.1"}
    real = socket.getaddrinfo

    def resolved(host, *how, **more):
        return real(others.get(host, host), *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert look(f"{site}/to?http://inside.example/secret") == Seen("private")
    assert look(f"{site}/to?http://169.254.169.254/latest/meta-data") == Seen("private")
    assert look(f"{site}/to?file:///etc/passwd") == Seen("private")
    assert look(f"{site}/to?gopher://127.0.0.1:25/") == Seen("private")


def test_the_connection_goes_to_the_address_that_was_checked(site, monkeypatch):
    """A name that answers differently the second time is not asked a second time."""
    answers = iter([[(2, 1, 6, "", ("127.0.0.1", 0))]])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
    monkeypatch.setattr(looking, "_may_ask", lambda address: str(address) == "127.0.0.1")
    real, to = socket.create_connection, []

    def connect(address, **more):
        to.append(address[0])
        infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
        return real(address, **more)

    monkeypatch.setattr(socket, "create_connection", connect)
    assert look(f"http://rebound.example:{site.rpartition(':')[2]}/ok") == Seen(status=200)
    assert to == ["127.0.0.1"]


def test_one_private_address_among_several_is_enough(monkeypatch):
    infos = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    assert look("http://both.example/") == Seen("private")


def test_public_addresses_may_be_asked():
    for one in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
        assert looking._may_ask(ip_address(one))


def test_our_own_site_may_be_anywhere(settings):
    with web() as address:
        settings.BASE_URL = address
        assert look(f"{address}/ok") == Seen(status=200)
        other = address.replace("127.0.0.1", "localhost")
        assert look(f"{other}/ok") == Seen("private")
