"""Rows for IMAP and SMTP up to MAIL FROM: why an account is not let in.

What is said in words comes before codes, and every other reason before the password: servers say
"authentication failed" of almost anything.
"""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.row import SENDING, SESSION, Row
from events.vocabulary import FailureClass

RFC5530 = "RFC 5530, section 3"
GOOGLE_SMTP = "support.google.com/a/answer/3726730, SMTP error reference"
EXCHANGE_NDR = "Exchange Online, non-delivery reports by code"
_REFUSED = r"(?!ok|2\d\d).*"
_FOR_PROGRAMS = (
    "{server} wants an app password instead of the usual one: create one in the mailbox's security"
    " settings and reconnect with it."
)
_SWITCH_ON = (
    "Access for mail programs is switched off: switch on IMAP and SMTP in the settings of the"
    " mailbox, then reconnect."
)
_SIGN_IN = "{server} wants the owner to sign in on its website and confirm it; then reconnect."
_NEW_PASSWORD = "The password has expired: its owner must set a new one, then reconnect with it."  # noqa: S105

BY_ADMINISTRATOR = (
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"smtpclientauthentication is disabled|smtp_auth_disabled|basic auth\w* (is"
        r" )?(disabled"
        r"|blocked|not (supported|allowed))|security defaults|conditional access"
        r"|did not meet the criteria|legacy auth\w* (is )?(disabled|blocked)",
        stages=SESSION,
        example="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for"
        " the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
        source="Exchange Online; nodemailer/nodemailer#1714, simonrob/email-oauth2-proxy#193",
        todo="{server} allows no sign-in by password here: let the administrator permit"
        " authenticated SMTP, or reconnect with Microsoft's own sign-in.",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"(imap|pop|smtp|access|protocol|service|it) .{0,30}(disabled|not (enabled|allowed)"
        r"|blocked|turned off) (for|in|by) (your|the|this) (domain|organi[sz]ation|admin|company"
        r"|tenant)|domain policy|administrative(ly)? (prohibit|disab|lock|block)"
        r"|(disabled|blocked|denied|prohibited|locked|restricted|suspended|not permitted) by"
        r" .{0,30}"
        r"(admin|polic|organi[sz]ation|postmaster)|policy .{0,30}(forbid|prohibit|den(y|ies)"
        r"|does not allow)|(denied|rejected|refused) .{0,20}by policy|not allowed by policy",
        code=_REFUSED,
        stages=SESSION,
        example="NO [ALERT] IMAP access is disabled for your domain. Please contact your domain"
        " administrator for questions about this feature. (Failure)",
        source="Gmail's IMAP; Dovecot's passdb fields nologin and reason",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"(account|mailbox|user|login|domain|tenant)s?( \S{1,80})?( has been| is| was|'s been"
        r"| are)?( currently| temporarily| now)?[ _](suspended|disabled|deactivated|deleted"
        r"|terminated"
        r"|banned|frozen|blocked|closed|inactive|not active|removed|archived|expired|on hold)"
        r"|(suspended|disabled|deactivated|blocked|inactive|expired|frozen) (account|user|mailbox"
        r"|domain)|(konto|postfach|benutzer)\w* .{0,30}(gesperrt|deaktiviert)"
        r"|compte .{0,30}(bloqu|suspend|désactiv)|cuenta .{0,30}(bloque|suspend|desactiv)"
        r"|account .{0,30}(bloccat|sospes|disattivat)|conta .{0,30}(bloque|suspens|desativ)"
        r"|(аккаунт|учетная запись|ящик) .{0,30}(заблокирован"
        r"|отключен)|账[号户].{0,12}(锁|冻|停|禁)"
        r"|用户.{0,6}(锁|冻|停|禁)",
        code=_REFUSED,
        stages=SESSION,
        example="NO [CONTACTADMIN] Account_suspended",
        source=f"Dovecot 2.3.19.1, nologin with a reason; {RFC5530}, CONTACTADMIN;"
        " the same in other languages",
        todo="{server} has suspended or disabled this mailbox: ask its administrator or provider,"
        " then reconnect.",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"send ?as ?denied|permissions? to send (as|on behalf)|not allowed to send as"
        r"|5\.7\.60\b",
        provider="microsoft",
        stages=(At.MAIL, At.SMTP),
        example="550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        source=f"{EXCHANGE_NDR}, 5.7.60; swiftmailer/swiftmailer#1030",
        todo="The account may not send as this address: its administrator must grant Send As.",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"bad outbound sender|banned sender|spam abuse detected|outgoing blocked"
        r"|sending from unregistered domains|5\.7\.(50[123]|750)\b"
        r"|(account|sender|user|mailbox) .{0,40}(blocked|disabled|suspended|banned|restricted)"
        r" .{0,20}"
        r"(from sending|for (spam|sending))|mail sending denied|sending (is )?(disabled|blocked)",
        code=r"5.*",
        stages=(At.MAIL, At.SMTP, *SENDING),
        example="550 5.1.8 Access denied, bad outbound sender",
        source=f"{EXCHANGE_NDR}, 5.1.8, 5.7.501, 5.7.750; Zoho, 554 5.1.8 Email Outgoing Blocked",
        todo="{server} has blocked this account from sending: an administrator must release it.",
    ),
)

BY_OWNER = (
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"app(lication|s)?[- ]?(specific)?[- ]?password|apppassword|invalidsecondfactor"
        r"|parol prilozheniya|(authori[sz]ed?|authori[sz]ation) code to log ?in"
        r"|(enter|use|using|input) .{0,20}authori[sz](ed|ation) code|weixin token|no=1001(256|023)"
        r"|(anwendungs|app-?)passwor|mot de passe d'application|contraseña de aplicaci"
        r"|授权码(?!.{0,6}错)"
        r"|device[- ]password|two-?factor|2-?factor|two-?step|2-?step|second factor|\b2fa\b|\bmfa\b"
        r"|multi-?factor",
        code=_REFUSED,
        stages=SESSION,
        example="534-5.7.9 Application-specific password required.",
        source=f"{GOOGLE_SMTP}; mail.ru, thunderbird/thunderbird-android#9069; QQ,"
        f" nylas/sync-engine,"
        " inbox/auth/generic.py",
        todo=_FOR_PROGRAMS,
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"(web|your|the) ?browser|web ?login ?required|webloginrequired|webalert"
        r"|(log|sign) ?in .{0,30}\b(web|online|website|webmail)\b|(to|through|via) (the )?webmail"
        r"|not a robot|captcha|need to use web|unlock (your|the|this)? ?(account|captcha)"
        r"|verify (your|that|the|it'?s) .{0,20}(account|identity|you|phone)|confirm (your|that"
        r"|the) "
        r".{0,20}(account|identity|phone|email)|suspicious (activity|sign|log)|unusual activity"
        r"|(accept|agree) .{0,20}(terms|tos|conditions)|security (check|alert|question|challenge)",
        code=_REFUSED,
        stages=SESSION,
        example="534 5.7.14 please log in through your web browser",
        source=f"{GOOGLE_SMTP}; Yandex, higty/higlabo#17; sisimai, Rhost/Google.pm",
        todo=_SIGN_IN,
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"(imap|pop3?|smtp)(4rev1)?[ /](access |service |use |protocol )?(is |has been |was )?"
        r"(currently )?(not |un)?(disabled|enabled|activated|active|switched off|turned off|opened)"
        r"|(enable|activate|switch on|turn on|open) .{0,20}(imap|pop|smtp|access)"
        r"|not enabled for (imap|pop|smtp)|(imap|pop3?|smtp) access (denied|not)|less secure"
        r"|user has no permission|service is not open|external (mail )?(client|program)s?"
        r"|not have access rights to this service|(imap|pop3?|smtp) .{0,12}(nicht (aktiviert"
        r"|freigeschaltet)|deaktiviert|désactivé|non activé)|未开启|没有权限",
        code=_REFUSED,
        stages=SESSION,
        example="NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail"
        " settings page and enable your account for IMAP access. (Failure)",
        source="Gmail's IMAP; Yandex, Foundry376/Mailspring#2111; 163.com, testerSunshine/12306#62",
        todo=_SWITCH_ON,
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"passwor[dt].{0,40}(expire|must be (changed|reset)|needs? to be (changed|reset)"
        r"|abgelaufen)"
        r"|(change|reset|renew|update) (of )?(your|the) password|expired .{0,12}password"
        r"|password transition|mot de passe .{0,12}expir|contraseña .{0,12}(expir|caduc)",
        code=_REFUSED,
        stages=SESSION,
        example="432 4.7.12 A password transition is needed",
        source=f"RFC 4954, section 6; {RFC5530}, EXPIRED",
        todo=_NEW_PASSWORD,
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        code=r"(no |bye |bad )?(expired|webalert)",
        protocol=Protocol.IMAP,
        example="NO [EXPIRED] Sorry",
        source=f"{RFC5530}, EXPIRED",
        todo=_NEW_PASSWORD,
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"(account|user|mailbox|login)( \S{1,80})?( has been| is| was)?( temporarily|"
        r" currently)?"
        r"[ _](locked|restricted)|locked (account|user|mailbox|out)",
        code=_REFUSED,
        stages=(At.LOGIN,),
        example="NO [ALERT] Account is locked",
        source="Yahoo; Fastmail",
        todo="{server} has locked this account: its owner must unlock it there, then reconnect.",
    ),
)

ASK_THE_ADMINISTRATOR = (
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        code=r"(no |bad )?(contactadmin|noperm)",
        protocol=Protocol.IMAP,
        example="NO [CONTACTADMIN] Sorry",
        source=f"{RFC5530}, CONTACTADMIN and NOPERM",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"(contact|ask|see|call) .{0,40}(admin|postmaster|help ?desk|it department)"
        r"|licen[cs]e|subscription|\b(country|location|geo\w*|region) .{0,30}(not allowed|blocked"
        r"|denied|restricted|forbidden)|(from|in) (this|your) (country|location|region)"
        r"|\bip( address)? .{0,40}(not allowed|not permitted|not authori[sz]ed|denied|forbidden"
        r"|restricted)|not (authori[sz]ed|allowed|permitted|entitled) to (use|log|access|connect"
        r"|sign)|does not have access to",
        code=_REFUSED,
        stages=(At.LOGIN, At.IMAP),
        example="535 5.7.139 Authentication unsuccessful. Contact your administrator.",
        source=f"{EXCHANGE_NDR}, 5.7.139; {RFC5530}, CONTACTADMIN",
    ),
)
