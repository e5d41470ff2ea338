"""The way of messages over the network: submitted by SMTP, filed, searched for and read by IMAP."""
