"""What a mail server's answer means: a table of rows, the reading of a text, a sentence for people.

Pure: text in, class and sentence out. The code that talks to servers is elsewhere.
"""
