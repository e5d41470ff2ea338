"""The words around dates in automatic answers: rows of data, in ``plain`` letters.

English, German, French, Spanish, Portuguese, Italian, Dutch, Polish.
"""

MONTHS = (
    "january jan januar janner janvier janv enero ene janeiro gennaio gen januari stycznia sty",
    "february feb februar fevrier fevr febrero fevereiro fev febbraio februari lutego lut",
    "march mar marz mrz mars marzo marco maart mrt marca",
    "april apr avril avr abril abr aprile kwietnia kwi",
    "may mai mayo maio maggio mag mei maja",
    "june jun juni juin junio junho giugno giu czerwca cze",
    "july jul juli juillet juil julio julho luglio lug lipca lip",
    "august aug aout agosto ago augustus sierpnia sie",
    "september sep sept septembre septiembre setiembre setembro settembre sett wrzesnia wrz",
    "october oct oktober okt octobre octubre outubro ottobre ott pazdziernika paz",
    "november nov novembre noviembre novembro listopada lis",
    "december dec dezember dez decembre diciembre dic dezembro dicembre grudnia gru",
)

POLISH_MONTHS = (
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada"
    " grudnia sty lut mar kwi maj cze lip sie wrz paz lis gru"
)

UNTIL = {
    "en": "until till til through thru return returning returns back again reopen resume",
    "de": "bis zuruck wieder",
    "fr": "jusqu retour reviens reviendrai rentre rentrerai reprends reprendrai nouveau",
    "es": "hasta regreso regresare vuelvo volvere vuelta nuevamente reincorporo reincorporare",
    "pt": "ate retorno retornarei regresso regressarei volto voltarei novamente",
    "it": "fino sino rientro rientrero torno tornero ritorno ritornero nuovo",
    "nl": "tot terug weer",
    "pl": "do wracam wroce powrot powroce powracam ponownie znowu",
}
"""Words that say the absence ends at the date after them."""

AFTERWARDS = (
    "back again wieder zuruck weer terug znow znowu ponownie nuevamente nouveau novamente nuovo"
)
"""Words that say the absence ends at a date before them in the same sentence."""

JOINING = "to through thru bis au a al ao ate fino tot do"
"""Words between the two dates of a range."""

PASSED_OVER = (
    "the on to in at from of as our my office desk work business available after including"
    " inclusive incl"
    " einschliesslich einschl inkl zum den dem der am ab im buro da erreichbar verfugbar"
    " a au le la compris inclus bureau disponible partir de du ce"
    " el al dia oficina trabajo los incluido"
    " o ao em no na dia escritorio trabalho"
    " il lo alla in ufficio sede dal giorno e incluso"
    " en met op de het m kantoor bereikbaar aanwezig vanaf"
    " dnia w biurze wlacznie z powrotem od dostepny dostepna"
    " monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri"
    " montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so"
    " lundi mardi mercredi jeudi vendredi samedi dimanche"
    " lunes martes miercoles jueves viernes sabado domingo"
    " segunda terca quarta quinta sexta feira sabado"
    " lunedi martedi mercoledi giovedi venerdi sabato domenica"
    " maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
    " poniedzialek poniedzialku wtorek wtorku srode sroda srody czwartek czwartku piatek piatku"
    " soboty niedziela niedzieli"
)
"""Words that may stand between such a word and its date."""

SHORT_DAYS = (
    "mon tue tues wed thu thur thurs fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim"
)
"""Abbreviated days, which may end with a dot before a date."""

NOT_AN_ABSENCE = (
    "valid offer sale discount register registration deadline gultig angebot anmeldung frist"
    " valable offre valido valida validade oferta offerta geldig aanbieding wazna wazny oferta"
)
"""Words of sentences that are about something else than an absence."""
