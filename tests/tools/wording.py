"""Error messages by the words that matter, so that their sentences may change."""


def says(message, pattern):
    """Whether a message begins with the first piece of a pattern and holds the others in order.

    Args:
        message: Text of one line.
        pattern: Pieces with " ... " between them, as "row 3: ... 'mean' ... mse".
    """
    begin, *pieces = pattern.split(" ... ")
    if not message.startswith(begin) or "\n" in message:
        return False
    at = len(begin)
    for piece in pieces:
        found = message.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
