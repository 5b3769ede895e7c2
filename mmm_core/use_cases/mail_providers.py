"""Domains at which anybody can get an e-mail address."""

import re

_FAMILIES = re.compile(
    r"(?:yahoo|ymail|hotmail|live|outlook|gmx|yandex|aol|gmail|googlemail|msn|icloud|zoho|rediffmail|mail)"
    r"\.(?:com?\.)?[a-z]{2,3}"
)
"""With any country's ending, such as ``yahoo.co.uk``."""

_LISTED = """
    126.com 139.com 163.com 189.cn 1und1.de abv.bg alice.it arcor.de att.net bbox.fr bell.net bellsouth.net bigpond.com
    bk.ru bluewin.ch bluemail.ch bol.com.br btinternet.com centrum.cz charter.net comcast.net cox.net daum.net
    earthlink.net email.com email.cz fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de hanmail.net
    hey.com home.nl hushmail.com ig.com.br inbox.com inbox.lv inbox.ru inet.it interia.pl internode.on.net juno.com
    kpnmail.nl laposte.net libero.it list.ru mac.com mailbox.org mailinator.com me.com naver.com neuf.fr o2.pl o2.co.uk
    online.de onet.pl op.pl optonline.net optusnet.com.au orange.fr pm.me posteo.de proton.me protonmail.ch
    protonmail.com qq.com rambler.ru rocketmail.com rogers.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn
    sina.com sky.com skynet.be sohu.com sympatico.ca t-online.de talktalk.net telenet.be telia.com terra.com.br
    tiscali.it tlen.pl tuta.com tuta.io tutamail.com tutanota.com tutanota.de ukr.net uol.com.br verizon.net
    virgilio.it virginmedia.com walla.co.il wanadoo.fr web.de windowslive.com wp.pl xs4all.nl ya.ru ziggo.nl
"""
_SINGLE = frozenset(_LISTED.split())


def is_public(domain: str) -> bool:
    return domain in _SINGLE or _FAMILIES.fullmatch(domain) is not None
