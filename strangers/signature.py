"""The signatures checked by software that knows DSSE and X.509, and nothing of PowerX.

The publisher's: certificate chain up to the Marketplace's root, envelope, statement, every file.
The Marketplace's: the listing that names the bundle's digest.
"""

import base64
import json
import zipfile
from importlib.metadata import version as version_of
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

import listed
import world

facts = listed.ensure()
trust = world.call("GET", f"{world.MARKET}/api/marketplace/trust")
roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in trust["publisherRoots"]]


def key(public):
    """The key under the name that envelopes give it: the digest of its DER form."""
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SSlibKey(world.sha256(der), "ed25519", "ed25519", {"public": raw.hex()})


def refused(envelope, wanted):
    try:
        envelope.verify([wanted], 1)
    except VerificationError:
        return
    raise AssertionError("a changed envelope was accepted")


path = Path(facts["path"])
with zipfile.ZipFile(path) as archive:
    last = archive.infolist()[-1]
    assert last.filename == "manifest.signature"
    plain = json.loads(archive.read(last))
    contents = {name: archive.read(name) for name in archive.namelist()}

# The chain: leaf certified by the root that the Marketplace publishes, valid, not revoked.
chain = [x509.load_der_x509_certificate(base64.b64decode(text)) for text in plain["signatures"][0]["certificates"]]
leaf = chain[0]
issuer = next(root for root in [*chain[1:], *roots] if root.subject == leaf.issuer)
leaf.verify_directly_issued_by(issuer)
root = next(root for root in roots if root.subject == issuer.issuer)
issuer.verify_directly_issued_by(root)
assert f"{leaf.serial_number:032x}" not in trust["revokedSerials"]
names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
publisher = names.get_values_for_type(x509.UniformResourceIdentifier)
assert publisher and publisher[0].startswith("urn:powerx:publisher:org_"), publisher

# The envelope and what it says.
author = key(leaf.public_key())
assert author.keyid == facts["keyFingerprint"]
envelope = Envelope.from_dict(json.loads(json.dumps(plain)))
envelope.verify([author], 1)
assert envelope.payload_type == "application/vnd.in-toto+json"
statement = json.loads(envelope.payload)
assert statement["_type"] == "https://in-toto.io/Statement/v1"
subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
assert subjects["bundle"] == world.sha256(path.read_bytes()[:last.header_offset])
assert subjects["integrity.txt"] == world.sha256(contents["integrity.txt"])
for line in contents["integrity.txt"].decode().splitlines():
    digest, name = line.split("  ", 1)
    assert digest == world.sha256(contents[name]), name
assert statement["predicate"]["pluginId"] == facts["pluginId"]

# A changed payload, and the right payload with another key.
changed = json.loads(json.dumps(plain))
changed["payload"] = base64.b64encode(envelope.payload.replace(b"1.0.0", b"1.0.1")).decode()
refused(Envelope.from_dict(changed), author)
other = key(Ed25519PublicKey.from_public_bytes(base64.b64decode(trust["listingKeys"][0])))
refused(Envelope.from_dict(json.loads(json.dumps(plain))), other)

# The Marketplace's own word about the bundle.
listing = Envelope.from_dict(listed.listing()["listing"])
listing.verify([other], 1)
said = json.loads(listing.payload)
assert said["digest"] == facts["sha256"] and said["size"] == facts["size"], said
world.proven("securesystemslib, cryptography", f"{version_of('securesystemslib')}, {version_of('cryptography')}",
             "certificate chain, DSSE envelope, in-toto statement, every file", "the Marketplace's listing",
             "changed payload and other key refused")
