"""What a mail server's answer means: rows of data, the reading of a text, and a sentence for people.

Pure: text in, class and sentence out. Whoever talks to servers lives elsewhere.
"""
