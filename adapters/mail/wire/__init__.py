"""How messages travel over the network: submitted by SMTP; filed, searched for and read by IMAP."""
