"""Real servers that the tests of mail start for themselves, and such as say only what they must."""
