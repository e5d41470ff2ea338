"""C2: why a connection failed, in a sentence that people understand."""

from events.vocabulary import FailureClass

REASONS = {
    FailureClass.AUTH_BAD_CREDENTIALS: "The mail server refused the user name or the password.",
    FailureClass.AUTH_REVOKED: "The permission to use this mailbox was revoked or has lapsed.",
    FailureClass.AUTH_INSUFFICIENT_SCOPE: "Full access to the mailbox was not granted.",
    FailureClass.AUTH_USER_ACTION: "The provider asks the owner to sign in and confirm something.",
    FailureClass.AUTH_ADMIN_POLICY: "An administrator's policy forbids this kind of sign-in.",
    FailureClass.TRANSIENT_SERVER: "The mail server has had a fault of its own for some time.",
    FailureClass.UNREACHABLE: "The mail server cannot be reached.",
    FailureClass.TLS_UNTRUSTED: "The mail server's certificate cannot be trusted.",
    FailureClass.UNKNOWN: "The mail server refuses for a reason that was not recognised.",
    FailureClass.THROTTLED: "The mail server asks for a slower pace.",
    FailureClass.PROVIDER_APP_FAULT: "Our own registration with the provider is at fault.",
    FailureClass.IDENTITY_MISMATCH: "Another mailbox than expected answered.",
}
