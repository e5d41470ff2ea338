"""Rows for a refused password: last, because "authentication failed" is said of almost anything."""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.row import Row
from events.vocabulary import FailureClass

RFC5530 = "RFC 5530, section 3"
_REFUSED = r"(?!ok|2\d\d).*"
_CREDENTIALS = (
    r"(user ?name|user|login|log-?in|account|e-?mail|id)('s)?( name| id| address)?,?( ?(and|or"
    r"|and/or"
    r"|&|/) ?(the )?)(pass(word|code)?|pwd)"
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
    r"|invalidcredentials|badcredentials|authentication (failed|failure|unsuccessful|rejected"
    r"|error|refused|denied)|authorization failed|invalid auth\w*$|user unknown|unknown user"
    r"|no such user|user (does not|doesn't) exist|user not found|groupwise login failed"
    r"|credentials invalid"
    r"|^no \[?invalid\b|login login error"
)
REFUSED_ABROAD = (
    r"(falsch|ungültig|fehlerhaft|inkorrekt|nicht korrekt|stimm).{0,40}(passwort|kennwort|benutzer"
    r"|zugangsdaten|anmeldedaten|login)|(passwort|kennwort|benutzername|zugangsdaten"
    r"|anmeldedaten)\w*"
    r" .{0,40}(falsch|ungültig|fehlerhaft|inkorrekt|nicht (korrekt|gültig|richtig)|stimm)"
    r"|authentifizierung (ist )?fehlgeschlagen|anmeldung (ist )?fehlgeschlagen"
    r"|(mot de passe|identifiants?|nom d'utilisateur) .{0,40}(incorrect|invalide|erroné|inconnu)"
    r"|mauvais (mot de passe|identifiant)|identification incorrecte"
    r"|(échec|erreur) (de l'|d')(authentification|identification)|authentification (a )?échou"
    r"|(contraseña|credenciales?|usuario) .{0,40}(incorrect|inválid|no válid|erróne)"
    r"|(error|fallo|falló) (de|en la|la) (autenticación|autentificación)|autenticación fallida"
    r"|(password|nome utente|credenziali) .{0,40}(errat|non valid|non corrett)|autenticazione"
    r" (non riuscita|fallita)|(senha|usuário|credenciais) .{0,40}(inválid|incorret|errad)"
    r"|falha (na|de) autenticação|(gebruikersnaam|wachtwoord|inloggegevens) .{0,40}(onjuist"
    r"|ongeldig)"
    r"|(onjuist|ongeldig)e? .{0,24}(gebruikersnaam|wachtwoord|inloggegevens)|authenticatie mislukt"
    r"|(nieprawidłow|błędn|niepoprawn)\w* .{0,40}(hasło|login|dane|użytkownik)"
    r"|(hasło|login) .{0,40}(nieprawidłow|błędn|niepoprawn)|(neplatn|nesprávn|chybn|špatn)\w*"
    r" .{0,40}"
    r"(heslo|jméno|údaje)|(felaktig|fel) .{0,24}(lösenord|användarnamn)|forkert .{0,24}(adgangskode"
    r"|brugernavn|kodeord)|feil .{0,24}(passord|brukernavn)|väärä .{0,24}(salasana|käyttäjä)"
    r"|(hibás|érvénytelen) .{0,24}(jelszó|felhasználó)|(parola|şifre|kullanıcı) .{0,24}(hatalı"
    r"|yanlış"
    r"|geçersiz)|(неверн|неправильн|некорректн)\w* .{0,40}(пароль|логин|имя|данные|учетн)"
    r"|(пароль|логин)\w* .{0,24}(неверн|неправильн)|(невірн|неправильн)\w* .{0,24}(пароль|логін)"
    r"|ошибка (аутентификации|авторизации)|(密码|口令|账号|帐号|用户名|授权码|认证|验证).{0,10}"
    r"(错误|不正确|有误|失败|不匹配|无效)|(パスワード|ユーザー名|認証).{0,16}(間違|正しく|失敗|無効|誤)"
    r"|(비밀번호|암호|인증).{0,16}(올바르지|틀|잘못|실패|일치)"
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
_VAGUE = (
    r"no|bad|error|errors|login|log|logon|in|on|sign|signin|auth|authenticate|authenticated|plain"
    r"|authentication|authorization|authenticationfailed|authorizationfailed|failed|failure|fail"
    r"|fails"
    r"|failing|credentials|credential|user|username|name|password|invalid|incorrect|wrong|not"
    r"|accepted|rejected|refused|unsuccessful|sasl|xoauth2|oauthbearer|cram|md5|or|and|the|is|your"
    r"|for|check|please|command|imap|smtp|sorry|could|cannot|to|you|b|was|alert"
)

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
        code=r"(?!ok|2\d\d|4\d\d|bad|50[0-4]|53[08]|334).*",
        stages=(At.LOGIN,),
        example="NO LOGIN bad username or password",
        source="nylas/sync-engine, inbox/auth/generic.py; PHPMailer/PHPMailer#1287, #1074;"
        " Foundry376/Mailspring#2217; jstedfast/MailKit#700; gophish/gophish#1665",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=REFUSED_ABROAD,
        code=r"(?!ok|2\d\d|4\d\d|bad|50[0-4]|53[08]|334).*",
        stages=(At.LOGIN,),
        example="535 5.7.8 Fehler: Benutzername oder Passwort ist falsch",
        source="The same words in other languages",
    ),
    Row(
        FailureClass.AUTH_BAD_CREDENTIALS,
        says=rf"^([\W\d_]|({_VAGUE})\b)*$",
        code=r"(no )?authenticationfailed|535 5\.7\.8",
        stages=(At.LOGIN,),
        example="535 5.7.8 Login failed.",
        source=f"{RFC5530}, AUTHENTICATIONFAILED; RFC 4954, 535 5.7.8; where no word says more",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        code=r"(no |bye |bad )?(authorizationfailed|contactadmin|noperm)",
        protocol=Protocol.IMAP,
        example="NO [CONTACTADMIN] Sorry",
        source=f"{RFC5530}, AUTHORIZATIONFAILED, CONTACTADMIN and NOPERM",
    ),
)
