"""The words of the mails that are compared: with their frame about eight kilobytes of HTML and text in each copy."""

BODY = """Dear {first_name|friend},

Last week neighbors met in kitchens, in barns and in the back rooms of libraries, and decided together what comes next.
[Read how it went in {city|your town}](https://example.org/how-it-went).

It is easier to begin when somebody you know asks you. This week, {first_name|friend}, ask one person by name.

[[button: Find something near you | https://example.org/near]]
"""
SUBJECT = "What comes next, {first_name|friend}?"
