"""Rows for the token endpoint (RFC 6749, section 5.2), and for what a refused token is told."""

from engine.work.classifying.evidence import Protocol
from engine.work.classifying.row import Row
from events.vocabulary import FailureClass

RFC6749 = "RFC 6749, section 5.2"
ENTRA = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
GOOGLE = "developers.google.com/identity/protocols/oauth2, errors"
_RETRY = "Our request to {server} came to nothing: start the sign-in again."


def microsoft(outcome: FailureClass, example: str, *numbers: int, todo: str = "") -> Row:
    """A class of AADSTS numbers; the number beats the OAuth error that it comes with."""
    says = "|".join(map(str, numbers))
    return Row(outcome, example, ENTRA, rf"aadsts({says})\b", protocol=Protocol.OAUTH, todo=todo)


MICROSOFT = (
    microsoft(
        FailureClass.PROVIDER_APP_FAULT,
        '401 {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret'
        ' provided."}',
        *(28002, 28003, 50011, 50012, 50013, 50027, 50059, 50128, 50146, 50194, 65002, 65005),
        *(65006, 70001, 70002, 70003, 70004, 70005, 70007, 70011, 75001, 75003, 75005, 90002),
        *(90007, 90023, 500011, 501461, 650053, 650054, 650056, 650057, 700016, 700023, 700025),
        *(700027, 700030, 700051, 700054, 700211, 700213, 900144, 900382, 900561, 900971),
        *(7000112, 7000114, 7000215, 7000216, 7000218, 7000222, 9002313, 9002325, 9002326),
    ),
    microsoft(
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        '400 {"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator'
        ' has not consented to use the application with ID"}',
        *(65001, 65004),
    ),
    microsoft(
        FailureClass.AUTH_USER_ACTION,
        '400 {"error":"invalid_grant","error_description":"AADSTS50076: you must use multi-factor'
        ' authentication","suberror":"basic_action"}',
        *(16000, 16001, 50053, 50055, 50058, 50072, 50074, 50076, 50078, 50079, 50097, 50125),
        *(50127, 50135, 50140, 50144, 50155, 50158, 50199, 50203, 53004, 53010, 500121),
    ),
    microsoft(
        FailureClass.AUTH_ADMIN_POLICY,
        '400 {"error":"invalid_grant","error_description":"AADSTS53003: Access has been blocked by'
        ' Conditional Access policies."}',
        *(50005, 50020, 50057, 50105, 50129, 50131, 50177, 50178, 53000, 53001, 53002, 53003),
        *(53009, 53011, 90072, 90094, 90095, 500212, 500213, 500571, 530031, 530032, 530034),
        *(530035, 650052, 5000224),
    ),
    microsoft(
        FailureClass.AUTH_REVOKED,
        '400 {"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has'
        ' expired due to inactivity."}',
        *(50034, 50132, 50133, 50173, 51004, 70008, 70043, 70044, 500341, 700081, 700082, 700084),
    ),
    microsoft(
        FailureClass.UNKNOWN,
        '400 {"error":"invalid_grant","error_description":"AADSTS54005: OAuth2 Authorization code'
        ' was already redeemed"}',
        *(50089, 50148, 54005, 70018, 70019, 501481),
        todo=_RETRY,
    ),
    microsoft(
        FailureClass.THROTTLED,
        '400 {"error":"invalid_grant","error_description":"AADSTS50196: The server terminated an'
        ' operation because it encountered a client request loop."}',
        *(50196, 90055),
    ),
    microsoft(
        FailureClass.TRANSIENT_SERVER,
        '400 {"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error'
        ' has occurred. Please try again."}',
        *(50000, 70012, 90006, 90012, 90024, 90033, 90036),
    ),
    microsoft(
        FailureClass.AUTH_BAD_CREDENTIALS,
        '400 {"error":"invalid_grant","error_description":"AADSTS50126: Error validating'
        ' credentials due to invalid username or password."}',
        *(50056, 50126),
    ),
)

TOKEN_ENDPOINT = (
    Row(
        FailureClass.THROTTLED,
        code=r"429.*",
        protocol=Protocol.OAUTH,
        example='429 {"error":"invalid_grant"}',
        source="RFC 6585, section 4",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        says=r"\b(temporarily_unavailable|server_error|internal_failure|backend_?error)\b"
        r"|bad gateway|service (temporarily )?unavailable|gateway time-?out"
        r"|internal server error|temporarily unavailable|transient error|under maintenance",
        protocol=Protocol.OAUTH,
        example='400 {"error":"server_error"}',
        source="RFC 6749, section 4.1.2.1; pages of proxies",
    ),
    Row(
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        says=r"insufficient[_ ](authentication )?scope|scope_insufficient|insufficient permission"
        r"|insufficientpermissions|scopes? requested (are|is) unauthorized|consent_required"
        r"|(has )?not (granted|consented)|not consented",
        protocol=Protocol.OAUTH,
        example='403 {"error":{"code":403,"message":"Request had insufficient authentication'
        ' scopes.","status":"PERMISSION_DENIED"}}',
        source="RFC 6750, section 3.1; Google, ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    Row(
        FailureClass.AUTH_ADMIN_POLICY,
        says=r"admin_policy_enforced|policy_enforced|accessdisabledbyadmin|(restricted|blocked"
        r"|denied|disabled"
        r"|prohibited) by .{0,40}(admin|polic|organi[sz]ation)|admin(istrator)? .{0,40}(consent"
        r"|approv|disabled|blocked)|account_restricted|conditional access",
        protocol=Protocol.OAUTH,
        example="400 error=admin_policy_enforced",
        source="Google, authorization errors; GAM-team/got-your-back#284",
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=r"invalid_rapt|rapt_required|reauth related|interaction_required|login_required"
        r"|account_selection_required|multi-?factor|\bmfa\b|two-?factor|2-?step|web login required"
        r"|must (change|reset) .{0,20}password|basic_action|additional_action|password"
        r" .{0,20}expired"
        r"|verify (your|the) account|sign in .{0,30}browser",
        protocol=Protocol.OAUTH,
        example='400 {"error":"invalid_grant","error_description":"reauth related error'
        ' (invalid_rapt)","error_subtype":"invalid_rapt"}',
        source="support.google.com/a/answer/9368756; OpenID Connect Core, section 3.1.2.6",
    ),
    Row(
        FailureClass.PROVIDER_APP_FAULT,
        says=r"\b(invalid_client|unauthorized_client|deleted_client|disabled_client|org_internal"
        r"|redirect_uri_mismatch|unsupported_grant_type|unsupported_response_type|invalid_scope"
        r"|disallowed_useragent|invalid_request|invalid_client_id|access_not_configured)\b"
        r"|invalid jwt|client secret|oauth client was (not found|deleted|disabled)|service_disabled"
        r"|api has not been used|accessnotconfigured|verification process|client is unauthorized"
        r"|robot is disabled",
        protocol=Protocol.OAUTH,
        example='401 {"error":"deleted_client","error_description":"The client was deleted."}',
        source=f"{RFC6749}; {GOOGLE}; postalsys/emailengine, lib/oauth; xyou365/AutoRclone#98",
    ),
    Row(
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        says=r"\baccess_denied\b",
        protocol=Protocol.OAUTH,
        example="error=access_denied",
        source="RFC 6749, section 4.1.2.1: the owner said no",
    ),
    Row(
        FailureClass.UNKNOWN,
        says=r"(auth(orization)?|verification)[ _]code|malformed auth|code[ _]verifier|pkce"
        r"|redirect[ _]uri|already redeemed|missing required parameter",
        protocol=Protocol.OAUTH,
        example='400 {"error":"invalid_grant","error_description":"Malformed auth code."}',
        source=f"{RFC6749}: invalid_grant is said of a used or wrong code, too;"
        " simonrob/email-oauth2-proxy#183",
        todo=_RETRY,
    ),
    Row(
        FailureClass.AUTH_REVOKED,
        says=r"(expired|revoked|invalidated).{0,20}(or|token|grant)|token .{0,60}(expired|revoked"
        r"|invalid)|(grant|consent|access) .{0,30}(expired|revoked)|account has been (deleted"
        r"|disabled)|(changed|reset) .{0,20}password|invalid_refresh_token|refresh_token_expired"
        r"|\binvalid_token\b|account not found|refresh token",
        protocol=Protocol.OAUTH,
        example='400 {"error_description":"Token has been expired or revoked."}',
        source=f"{GOOGLE}; postalsys/emailengine, lib/oauth/outlook.js;"
        f" FlowCrypt/flowcrypt-browser#1244",
    ),
    Row(
        FailureClass.AUTH_REVOKED,
        code=r"(\d{3} )?invalid_grant",
        protocol=Protocol.OAUTH,
        example='400 {"error":"invalid_grant","error_description":"Bad Request"}',
        source=f"{RFC6749}: the refresh token is invalid, expired, revoked, or another client's",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        code=r"5\d\d.*",
        protocol=Protocol.OAUTH,
        example="503 <html><body><h1>Sorry</h1></body></html>",
        source="RFC 9110, section 15.6: a fault of the server, whatever the page says",
    ),
    Row(
        FailureClass.UNKNOWN,
        protocol=Protocol.OAUTH,
        example="200 <html><body>Welcome to the hotel's network</body></html>",
        source="No answer of a token endpoint; what mailboxes say means nothing here",
    ),
)

CHALLENGES = (
    Row(
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        says=r'"status" ?: ?"insufficient_scope"',
        example="+ eyJzdGF0dXMiOiJpbnN1ZmZpY2llbnRfc2NvcGUiLCJzY29wZSI6Im1haWwifQ==",
        source="RFC 7628, section 3.2.2",
    ),
)
