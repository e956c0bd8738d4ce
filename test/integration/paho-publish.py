"""Publishes one batch as a device with Python's paho, unmodified; ends with 0 once the broker has acknowledged it.

Arguments: port, device, password, topic, file with the payload.
"""

import sys

import paho.mqtt.client as mqtt

port, device, password, topic, file = sys.argv[1:]
client = mqtt.Client(client_id=device)
client.username_pw_set(device, password)
client.connect("127.0.0.1", int(port))
client.loop_start()
with open(file, "rb") as payload:
    message = client.publish(topic, payload.read(), qos=1)
message.wait_for_publish(30)
acknowledged = message.is_published()
client.disconnect()
client.loop_stop()
sys.exit(0 if acknowledged else 1)
