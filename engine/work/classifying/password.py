"""Rows for a refused password: last, because "authentication failed" is said of almost anything."""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.languages import SIGN_IN_FAILED, WRONG_PASSWORD
from engine.work.classifying.row import Row
from events.vocabulary import FailureClass

_REFUSED = r"(?!ok|2\d\d).*"
_CREDENTIALS = (
    r"(user ?name|user|login|log-?in|account|e-?mail|id)('s)?( name| id| address)?,?"
    r"( ?(and|or|and/or|&|/) ?(the )?)(pass(word|code)?|pwd)"
)
_WRONG = r"(invalid|incorrect|wrong|bad|unknown|mismatched|erroneous|false|no such|unrecogni[sz]ed)"
REFUSED_IN_ENGLISH = (
    rf"{_WRONG} .{{0,20}}(user|password|passwd|credential|login|log-?in|logon|authentication (data"
    r"|credential)|email login|e-?mail address|authori[sz]ation code|auth code)"
    rf"|{_CREDENTIALS} .{{0,30}}(not accepted|invalid|incorrect|wrong|bad|not (match|correct|valid"
    r"|recogni[sz]ed)|mismatch|error|rejected|refused|denied)"
    r"|(password|credentials?|login|authori[sz]ed code|authori[sz]ation code|authentication data)"
    r" (is |are |was |were |you entered )?(invalid|incorrect|wrong|not (correct|valid|accepted"
    r"|recogni[sz]ed)|mismatch|error|verification failed|check failed)"
    r"|invalidcredentials|badcredentials|invalid auth\w*$|user unknown|unknown user"
    r"|no such user|user (does not|doesn't) exist|user not found|groupwise login failed"
    r"|credentials invalid|^no \[?invalid\b|login login error"
)
OTHER_TROUBLE = (
    r"(?<![\w./?=&-])(not enabled|disabled?|enabled?|suspend\w*|(un)?block(ed)?|banned|lock(ed)?"
    r"|expired?|inactive|spam\w*|abuse|abnormal|limit(s|ed)?|exceed\w*|frequen\w*|too many|later"
    r"|busy|unavailable|temporar\w*|maintenance|internal|backend|ldap|mysql|database|time-?out"
    r"|policy|administrator|admin|permission|forbidden|not allowed|not permitted|country|location"
    r"|verify|verification (code|email|link)|confirm\w*|captcha|robot|phone|licen[cs]e|subscription"
    r"|payment|unpaid|quota|mechanism|encryption|encrypted|ssl|tls|starttls|plaintext|insecure"
    r"|unsupported|not supported|migrat\w*|moved|configuration|gesperrt|deaktiviert|abgelaufen"
    r"|bloqu\w*|bloccat\w*|suspendu\w*|expiré\w*|заблокирован\w*|zablokowan\w*)(?![\w/-])"
    r"|锁定|冻结|停用|过期|禁用|ロック|無効化|잠"
)
_PLAIN_WORD = (
    r"no|bad|error|errors|login|log|logon|in|on|at|with|this|that|sign|signin|auth|authenticate|plain"
    r"|authentication|authori[sz]ation|authenticationfailed|authorizationfailed|failed|failure|fail"
    r"|fails|credentials?|details|data|user|username|name|account|email|address|mail|mailbox"
    r"|password|invalid|incorrect|wrong|not|accepted|rejected|refused|unsuccessful|sasl|xoauth2"
    r"|oauthbearer|cram|md5|or|and|the|is|of|your|you|for|check|please|command|imap|smtp|sorry|re"
    r"|could|cannot|to|b|was|alert|more|information|info|learn|see|visit|help|go|supplied|provided"
)
_TOKEN = (
    r"(?:\S*\d\S*|https?://\S*|\[\S*"
    rf"|[^\w\s]*(?:{_PLAIN_WORD})(?:[^\w\s]+(?:{_PLAIN_WORD}))*[^\w\s]*|[^\w\s]+)"
)
_NOTHING_ELSE = rf"(?>{_TOKEN}(?= |$) ?)*+$"
"""To the end only words that name no reason, numbers and addresses. Never goes back: atomic."""
_FAILED = (
    r"(authentication|authori[sz]ation) (failed|failure|unsuccessful|rejected|error|refused|denied)"
)
_NO_REFUSAL = r"(?!ok|2\d\d|4\d\d|bad|50[0-4]|53[08]|334).*"
"""Codes that judge the way of asking, or nothing, are no word on the password."""

OF_THE_PASSWORD = (
    Row(
        FailureClass.UNKNOWN,
        says=OTHER_TROUBLE,
        code=_REFUSED,
        stages=(At.LOGIN,),
        example="535 5.7.8 Error: authentication failed: Invalid authentication mechanism",
        source="Postfix with Dovecot's SASL: the words name something else than the password",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=REFUSED_IN_ENGLISH,
        code=_NO_REFUSAL,
        stages=(At.LOGIN,),
        example="NO LOGIN bad username or password",
        source="nylas/sync-engine, inbox/auth/generic.py; PHPMailer/PHPMailer#1287, #1074;"
        " Foundry376/Mailspring#2217; gophish/gophish#1665",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=WRONG_PASSWORD,
        code=_NO_REFUSAL,
        stages=(At.LOGIN,),
        example="535 5.7.8 Fehler: Benutzername oder Passwort ist falsch",
        source="The same words in other languages",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=rf"^(?=.*{_FAILED}){_NOTHING_ELSE}",
        code=_NO_REFUSAL,
        stages=(At.LOGIN,),
        example="535 5.7.3 Authentication unsuccessful [BN3PR03CA0067.namprd03.prod.outlook.com]",
        source="jstedfast/MailKit#700; nodemailer/nodemailer#456; where no word says more",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=rf"({SIGN_IN_FAILED})[\W\d_]*$",
        code=_NO_REFUSAL,
        stages=(At.LOGIN,),
        example="535 5.7.8 Authentifizierung fehlgeschlagen",
        source="The same words in other languages, where no word follows",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=rf"^{_NOTHING_ELSE}",
        code=r"(no )?authenticationfailed|535 5\.7\.8",
        stages=(At.LOGIN,),
        example="535 5.7.8 Login failed.",
        source="RFC 5530, AUTHENTICATIONFAILED; RFC 4954, 535 5.7.8; where no word says more",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        code=r"(no |bad )?authorizationfailed",
        protocol=Protocol.IMAP,
        example="NO [AUTHORIZATIONFAILED] Sorry",
        source="RFC 5530, AUTHORIZATIONFAILED: the right person, who may not act for this mailbox",
    ),
)
