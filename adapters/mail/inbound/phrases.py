"""What people and programs write, in the languages of business: only rows of words.

They are compared without accents and case (``plain``): ``réponse`` is written here as ``reponse``.
"""

import re
import unicodedata

_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "’": "'", "‘": "'", "\u00a0": " ", "–": "-", "—": "-"}
)

AUTOMATIC = {
    "en": r"auto(mati[ck]|mated)?[ -]?(reply|response|respons|responder)"
    r"|(currently )?out[ -]of[ -](the )?office|oo[fo]\b|vacation (reply|response|notice|message)"
    r"|(on |annual )(vacation|leave|holiday)\b|away from (the|my) (office|desk|mail|email)"
    r"|away until|i am away|please confirm your e-?mail|\[?(boxbe|spamarrest|sender verification)"
    r"|your (message|e-?mail) (is|requires) (awaiting )?(verification|confirmation)",
    "de": r"autoantwort|autom(atische|\.)? (antwort|ruckmeldung|email|e-mail)|abwesend|abwesenheit"
    r"|(ich bin )?nicht im (buro|haus)|ausser haus|urlaubs?(notiz|meldung|benachrichtigung)",
    "fr": r"(message de )?reponse automatique|(message d')?absence( du bureau)?\b|absente? "
    r"(du bureau|jusqu)|reponse auto\b|(en )?conges? (jusqu|annuels?)",
    "es": r"(respuesta|contestacion) automatica|fuera de (la )?oficina|ausen(te|cia)\b"
    r"|(estoy )?de vacaciones",
    "pt": r"(resposta|mensagem) automatica|fora do escritorio|ausencia\b|(estou )?de ferias",
    "it": r"(risposta|messaggio) automatic[ao]|fuori (sede|ufficio)|assen(te|za)\b|(in )?ferie\b",
    "nl": r"automatisch(e)? (antwoord|bericht|reactie)|afwezig(heid)?\b|niet op kantoor"
    r"|(op )?vakantie\b",
    "pl": r"automatyczna odpowiedz|odpowiedz automatyczna|autoodpowiedz|poza biurem|nieobecnosc"
    r"|(jestem )?na urlopie",
    "Microsoft 365, elsewhere": r"automatisk (svar|meddelande)|autosvar|automaattinen vastaus"
    r"|automaticka odpoved|automatikus valasz|otomatik yanit|raspuns automat|samodejni odgovor"
    r"|automatski odgovor|automaatvastus|automatiska atbilde|automatinis atsakymas"
    r"|автоматическии ответ|автоматична відповідь|автоматичен отговор|αυτοματη απαντηση"
    r"|自动答复|自動回覆|自動応答|자동 회신|자동 회신|不在|תשובה אוטומטית|رد تلقائي",
}
"""How the subject of an automatic answer begins, by language."""

WISHES = {
    "en": r"(i (want|would like|wish) to )?(unsubscribe( me)?|opt[ -]?(me )?out"
    r"|(remove|delete|take) me)( now| (from|off) (the|your|this) ((mailing|e-?mail) )?lists?)?"
    r"|remove|stop( (e-?mailing|mailing|contacting) me)?",
    "de": r"(mich )?(abmelden|austragen|abbestellen|abmeldung)|(nehmen|tragen) sie mich aus"
    r"( dem verteiler)?|melden sie mich ab|loschen sie mich( aus dem verteiler)?"
    r"|newsletter (abmelden|abbestellen)",
    "fr": r"(me )?(desabonner|desinscrire|desabonnement|desinscription|se desinscrire)"
    r"|desabonnez[ -]moi|desinscrivez[ -]moi|retirez[ -]moi( de (la|votre) liste)?",
    "es": r"(dar(me)? de )?baja|(quiero )?darme de baja|cancelar( la)? suscripcion|desuscribir(me)?"
    r"|quitenme( de (la|su) lista)?",
    "pt": r"descadastrar|(quero )?cancelar( a)? (inscricao|subscricao|assinatura)|remover"
    r"|remova[ -]me|me (remova|descadastre)( da lista)?|descadastre[ -]me",
    "it": r"cancella(temi|mi|zione)|disiscri(vimi|vetemi|zione|zion)|annulla(re)?( l')? ?iscrizione"
    r"|rimuove(temi|te)|rimuovimi( dalla lista)?",
    "nl": r"(mij )?(uitschrijven|afmelden|uitschrijving)|schrijf mij uit|meld mij af",
    "pl": r"wypisz( mnie)?( z listy)?|(o )?wypisanie( z listy)?|rezygnuje|usun mnie( z listy)?",
}
"""Wishes to receive no more messages, as somebody's only line."""

POLITE = (
    r"please|pls|kindly|thanks?( you)?|thx|bitte|danke( schon)?|vielen dank|s'il vous plait|svp"
    r"|merci|por favor|gracias|obrigad[oa]|per favore|grazie|alstublieft|aub|bedankt"
    r"|dank u|prosze|dziekuje|hi|hello|hallo|bonjour|hola|ola|ciao|dzien dobry"
)

QUOTED = (
    r"^-{2,}.{0,20}\b(original|forwarded|ursprungliche|weitergeleitete|origine|mensaje|mensagem"
    r"|messaggio|oorspronkelijk|wiadomosc|transfere)\b.{0,40}$|^_{10,}\s*$"
    r"|^(on|am|le|el|em|il|op|w dniu|dnia|den) (.|\n(?!\n)){1,240}\b(wrote|schrieb|a ecrit|escribio"
    r"|escreveu|ha scritto|schreef|napisal\w*|pisze)\b.{0,40}:\s*$"
    r"|^\W{0,3}(from|von|de|da|van|od)\s?:.{1,200}\n\W{0,3}(sent|date|gesendet|datum|envoye|enviado"
    r"|inviato|data|verzonden|wyslano|to|an|a)\s?:"
)
"""The line after which a message quotes the one that it answers."""

DEVICE = (
    r"^(sent|get) (from|via|outlook for) .{1,60}$|^(von meinem|gesendet (von|mit)) .{1,60}$"
    r"|^envoye (de|depuis) .{1,60}$|^enviado (desde|do|de) .{1,60}$|^inviato da .{1,60}$"
    r"|^(verzonden|verstuurd) (vanaf|met) .{1,60}$|^wyslane z .{1,60}$"
)
"""Lines that telephones add."""


def plain(text: str) -> str:
    """The text without accents and case; it may have any length, and takes linear time."""
    folded = text.casefold().translate(_LETTERS)
    if folded.isascii():
        return folded
    apart = unicodedata.normalize("NFKD", folded)
    return "".join(char for char in apart if not unicodedata.combining(char))


_AUTOMATIC = re.compile(rf"[\s\[(*\"']{{0,9}}(?:{'|'.join(map(plain, AUTOMATIC.values()))})")
_WISH = re.compile(rf"(?:{'|'.join(WISHES.values())})")
_POLITE = re.compile(rf"\b(?:{POLITE})\b")


def says_automatic(subject: str) -> bool:
    return _AUTOMATIC.match(plain(subject[:200])) is not None


def is_wish(text: str) -> bool:
    """Whether the text is nothing but the wish to receive no more messages."""
    if len(text) > 200:
        return False
    bare = re.sub(r"[^\w' -]", " ", _POLITE.sub(" ", plain(text)))
    return _WISH.fullmatch(" ".join(bare.split()).strip("-' ")) is not None
