"""What schemathesis must be told: how the body of a tus chunk is written."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def chunk(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()
