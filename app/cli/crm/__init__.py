"""`hookline crm`: any call of the object API, for a look or a repair by hand."""

import click

from app.cli.crm.associations import associate, associations, dissociate, label, labels, unlabel
from app.cli.crm.batches import archive_batch, read_batch, search, upsert
from app.cli.crm.definitions import (
    create_property,
    delete_property,
    groups,
    pipelines,
    properties,
    schemas,
)
from app.cli.crm.portal import account, library, limit, owners, token, usage
from app.cli.crm.records import (
    archive,
    create,
    gdpr_delete,
    list_,
    merge,
    pin,
    read,
    unpin,
    update,
)


@click.group()
def crm() -> None:
    """Look at a portal's records and definitions, or change them by hand.

    A call goes straight to the CRM: no event stands behind it, and the worker's own knowledge of
    a record may lag behind it for a while.
    """


for each in (
    *(read, list_, create, update, archive, pin, unpin, merge, gdpr_delete),
    *(upsert, read_batch, archive_batch, search),
    *(associations, associate, dissociate, labels, label, unlabel),
    *(properties, create_property, delete_property, groups, pipelines, schemas),
    *(owners, library, account, usage, limit, token),
):
    crm.add_command(each)
