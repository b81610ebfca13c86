"""oras for the tests: oras_client.py REGISTRY USER PASSWORD VERB NAME [FILE]; an empty USER is nobody."""

import os
import sys
import tempfile

import oras.auth.utils
import oras.client
import oras.decorator
import requests

# It tries again and again what was refused, and pauses for minutes in between.
oras.decorator.time.sleep = lambda _: None

registry, user, password, verb, name, *rest = sys.argv[1:]
repository, _, tag = name.partition(":")
client = oras.client.OrasClient(hostname=registry, insecure=True, tls_verify=False)
if user:
    client.auth.set_basic_auth(user, password)
# By itself it asks for a token when it is first refused, and never for one with more actions: what it does in several steps
# needs a token for all of them beforehand.
actions = {"push": "pull,push", "delete": "pull,delete"}.get(verb)
if actions:
    challenge = requests.get(f"http://{registry}/v2/").headers["Www-Authenticate"]
    header = oras.auth.utils.parse_auth_header(challenge)
    header.scope = f"repository:{repository}:{actions}"
    token = client.auth.request_token(header)
    if not token:
        sys.exit("no token")
    client.auth.set_token_auth(token)
target = f"{registry}/{name}"
if verb == "push":
    folder, file = os.path.split(rest[0])
    os.chdir(folder)
    client.push(target=target, files=[f"{file}:application/octet-stream"], disable_path_validation=True)
elif verb == "pull":
    with tempfile.TemporaryDirectory() as folder:
        client.pull(target=target, outdir=folder)
elif verb == "tags":
    print("\n".join(client.get_tags(target)))
elif verb == "delete":
    assert client.delete_tag(target, tag), "it was not there"
else:
    sys.exit(f"unknown verb {verb}")
