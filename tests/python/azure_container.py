"""Makes a container in Azurite: python3 azure_container.py PORT ACCOUNT KEY CONTAINER"""

import base64
import email.utils
import hashlib
import hmac
import sys
import urllib.request

port, account, key, container = sys.argv[1:]
date, version = email.utils.formatdate(usegmt=True), "2023-11-03"
headers = f"x-ms-date:{date}\nx-ms-version:{version}\n"
text = "PUT" + "\n" * 12 + headers + f"/{account}/{account}/{container}\nrestype:container"
signature = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
request = urllib.request.Request(
    f"http://127.0.0.1:{port}/{account}/{container}?restype=container",
    method="PUT",
    headers={
        "x-ms-date": date,
        "x-ms-version": version,
        "Content-Length": "0",
        "Authorization": f"SharedKey {account}:{signature}",
    },
)
urllib.request.urlopen(request)
