import pytest

from groundswell.kit.contacts import BadContact, email, phone


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        (" Alice@EXAMPLE.org ", "alice@example.org"),
        ("\u200balice@example.org\n", "alice@example.org"),
        ("ａｌｉｃｅ＠example.org", "alice@example.org"),
        ("a.l.i.c.e+list@gmail.com", "a.l.i.c.e+list@gmail.com"),  # dots and tags are the provider's business
        ("zoë@Bücher.example", "zoë@bücher.example"),
        ("zoe@xn--bcher-kva.example", "zoe@bücher.example"),
        ("阿Q@例え.jp", "阿q@例え.jp"),
    ],
)
def test_every_spelling_of_an_address_is_one(written, normalised):
    assert email(written) == normalised
    assert email(normalised) == normalised


@pytest.mark.parametrize(
    "written",
    ["", "alice", "alice@", "@example.org", "a b@example.org", "alice@example", "alice@@example.org", "a@b..org",
     "alice@example.org\r\nBcc: all@example.org", "x" * 65 + "@example.org", "alice@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_not_an_address_is_refused_in_the_persons_words(written):
    with pytest.raises(BadContact, match="is not an email address"):
        email(written)


@pytest.mark.parametrize(
    ("written", "country", "e164"),
    [
        ("(802) 555-0123", "US", "+18025550123"),
        ("1-802-555-0123", "US", "+18025550123"),
        ("+1 (416) 555-0123", "US", "+14165550123"),  # Canada
        ("55 1234 5678", "MX", "+525512345678"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("030 901820", "DE", "+4930901820"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("98765 43210", "IN", "+919876543210"),
        ("0917 123 4567", "PH", "+639171234567"),
        ("+86 138 0013 8000", "US", "+8613800138000"),
        ("(11) 96123-4567", "BR", "+5511961234567"),
        ("0803 123 4567", "NG", "+2348031234567"),
        ("787-555-0123", "US", "+17875550123"),  # Puerto Rico
    ],
)
def test_phone_numbers_of_many_countries_have_one_spelling(written, country, e164):
    assert phone(written, country) == e164
    assert phone(e164) == e164


@pytest.mark.parametrize("written", ["", "none", "555-0123", "12345", "+1 000 000 0000", "802-555-01234567", "++1"])
def test_what_is_not_a_phone_number_is_refused_in_the_persons_words(written):
    with pytest.raises(BadContact, match="is not a phone number"):
        phone(written)
