"""The same by the standard library: log in on both sides, open the inbox, MAIL FROM."""

import ssl
from imaplib import IMAP4_SSL
from smtplib import SMTP

from bench.checks.servers import USERS, Site


def plain_check(site: Site, context: ssl.SSLContext) -> None:
    user = USERS[0]
    with IMAP4_SSL("localhost", site.imaps, ssl_context=context, timeout=15) as imap:
        imap.login(user.address, user.password)
        imap.list()
        imap.select("INBOX", readonly=True)
    with SMTP("localhost", site.submission, timeout=15) as smtp:
        smtp.starttls(context=context)
        smtp.login(user.address, user.password)
        smtp.mail(user.address)
        smtp.rset()
