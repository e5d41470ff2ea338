"""Commands over HTTP: once under their key, confirmed as shown, refused with a rule."""
