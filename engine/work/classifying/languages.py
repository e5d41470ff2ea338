"""A refused password in other languages than English, a language a line."""

_WRONG_PASSWORD = (
    r"(falsch|ungültig|fehlerhaft|inkorrekt).{0,40}(passwort|kennwort|benutzer|zugangsdaten)",
    r"(passwort|kennwort|benutzername|\w{4,10}daten)\w* .{0,40}(falsch|ungültig|fehlerhaft)",
    r"(passwort|kennwort|benutzername|\w{4,10}daten)\w* .{0,40}nicht (korrekt|gültig|richtig)",
    r"(mot de passe|identifiants?|nom d'utilisateur) .{0,40}(incorrect|invalide|erroné|inconnu)",
    r"mauvais (mot de passe|identifiant)|identification incorrecte",
    r"(contraseña|credenciales?|usuario) .{0,40}(incorrect|inválid|no válid|erróne)",
    r"(password|nome utente|credenziali) .{0,40}(errat|non valid|non corrett)",
    r"(senha|usuário|credenciais) .{0,40}(inválid|incorret|errad)",
    r"(gebruikersnaam|wachtwoord|inloggegevens) .{0,40}(onjuist|ongeldig)",
    r"(onjuist|ongeldig)e? .{0,24}(gebruikersnaam|wachtwoord|inloggegevens)",
    r"(nieprawidłow|błędn|niepoprawn)\w* .{0,40}(hasło|login|dane|użytkownik)",
    r"(hasło|login) .{0,40}(nieprawidłow|błędn|niepoprawn)",
    r"(neplatn|nesprávn|chybn|špatn)\w* .{0,40}(heslo|jméno|údaje)",
    r"(felaktig|fel) .{0,24}(lösenord|användarnamn)",
    r"forkert .{0,24}(adgangskode|brugernavn|kodeord)|feil .{0,24}(passord|brukernavn)",
    r"väärä .{0,24}(salasana|käyttäjä)",
    r"(hibás|érvénytelen) .{0,24}(jelszó|felhasználó)",
    r"(parola|şifre|kullanıcı) .{0,24}(hatalı|yanlış|geçersiz)",
    r"(неверн|неправильн|некорректн)\w* .{0,40}(пароль|логин|имя|данные|учетн)",
    r"(пароль|логин)\w* .{0,24}(неверн|неправильн)",
    r"(невірн|неправильн)\w* .{0,24}(пароль|логін)",
    r"(密码|口令|账号|帐号|用户名|授权码).{0,10}(错误|不正确|有误|不匹配|无效)",
    r"(パスワード|ユーザー名).{0,16}(間違|正しく|無効|誤)",
    r"(비밀번호|암호).{0,16}(올바르지|틀|잘못|일치)",
)
_SIGN_IN_FAILED = (
    r"(authentifizierung|anmeldung) (ist )?(fehlgeschlagen|gescheitert)",
    r"(échec|erreur) (de l'|d')(authentification|identification)",
    r"authentification (a )?échoué?e?",
    r"(error|fallo|falló) (de |en la |la )?(autenticación|autentificación)",
    r"autenticación fallida|autenticazione (non riuscita|fallita)",
    r"(falha|erro) (na|de) autenticação|authenticatie mislukt",
    r"ошибка (аутентификации|авторизации)|(认证|验证)失败|認証に?失敗(しました)?|인증.{0,2}실패",
)

WRONG_PASSWORD = "|".join(_WRONG_PASSWORD)
SIGN_IN_FAILED = "|".join(_SIGN_IN_FAILED)
