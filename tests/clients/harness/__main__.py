"""`needs [CLIENT…]`: what has to be installed. `send [CLIENT…]`: sends with each client, and prints a table."""

import sys

import table


def needs(clients):
    # What judges signatures.
    wanted = {"debian": set(), "unpacked": set(), "python": {"dkimpy==1.1.8"}, "node": set(), "rust": set()}
    for client in clients:
        for kind, packages in wanted.items():
            packages.update(getattr(client, kind))
    for kind, packages in wanted.items():
        if packages:
            print(kind, *sorted(packages))


def main(arguments):
    verb, *names = arguments
    clients = table.chosen(names)
    if verb == "needs":
        return needs(clients)
    import journey

    return journey.run(clients)


sys.exit(main(sys.argv[1:]))
