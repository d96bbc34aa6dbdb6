//! The words themselves, in lower case and parted by blanks; behind `*` a word may go on.

/// Words in front of telephone numbers, whole: a telephone bill is none.
pub(super) const PHONE: &str = "\
    tel telefon telefonnummer telefonnr telefonisch telephone telefoon telefoonnummer telefono teléfono teléfonos \
    téléphone tél tlf tfn tfno phone phones fon mobilnummer mobilnr mobiltelefon mobiltel mobiel móvil handynummer handynr \
    cell cellphone celular cellulare rufnummer rufnr durchwahl dw festnetz festnetznummer komórka natel extension ext \
    nebenstelle nst ☎ ✆ ☏ 📞 📱 ℡ टेलीफोन फोन मोबाइल telefone telefones fone fones fono telf telef teléf telnr \
    telefonnummern rufnummern mobilnummern handynummern telno mobnr telefonu telefonico telefónico téléphonique \
    telefoniczny telefoonnr mobielnr cellulari móviles";
/// Words in front of telephone numbers that stand before years and rooms as well: only a number in full is one.
pub(super) const CALLED: &str = "\
    mob mobil mobile mobilfunk cel ph handy whatsapp hotline helpline infoline infolinia rückruf rückrufnummer \
    servicenummer servicetelefon direktwahl direktnummer kontakt contact contacts contatto contatti contacto contato \
    tollfree freephone freefone freecall kundenservice kundendienst kundtjänst klantenservice växel vert verde gratuito \
    gratuit komórkowy ddi";
/// Ends of German compounds for the same.
pub(super) const CALLED_ENDS: &str = "telefon hotline durchwahl rufnummer mobilnummer handynummer telefonnummer";
/// Words that stand before telephone numbers and before much else; they prove nothing.
pub(super) const LOOSE: &str = "\
    call dial ring ruf rufen anruf anrufen zentrale t m p kom appelez appeler chiama chiamare llame llamar ligue zadzwoń \
    bel sms gsm portable apparat alarm support büro office home work direct direkt privat geschäftlich switchboard \
    reception notruf emergency urgence urgences emergenza emergencia emergencias emergência nödnummer port porta mov móv \
    azul fisso fixe fijo fix standard accueil ligne directe direto directo direita diretto line main desk free toll \
    enquiries sales vertrieb verkauf einkauf sekretariat empfang verwaltung service beratung buchhaltung pforte praxis \
    anmeldung rezeption bureau domicile centralino centralita ufficio segreteria oficina recepción recepcja receptie \
    centrala biuro kantoor secretariaat sac atendimento comercial suporte vendas ventas zentralnummer leitung dienstlich \
    dienstl gesch priv vx kundenbetreuung secrétariat helpdesk servicedesk büroleitung assistenz";
/// Ends of words for a department.
pub(super) const LOOSE_ENDS: &str = "service dienst betreuung zentrale beratung sekretariat";
/// Letters that with a colon stand for cell, direct, office, home, work.
pub(super) const ABBREVIATED: &str = "c d o h w";
/// People who are served, by a number of their own or by telephone.
pub(super) const CLIENTS: &str = "\
    client clients cliente clientes clienti customer customers kunden kunde klant klanten klienta klient";
/// Who serves them.
pub(super) const SERVING: &str = "\
    service serviço servicio servizio atención atencion atendimento assistenza relations obsługa biuro";
/// What people are called by, in front of a name.
pub(super) const TITLES: &str = "\
    frau herr herrn hr fr dr prof mr mrs ms mme monsieur madame sig signora sr sra dhr mevr pani";
/// Words in front of fax numbers.
pub(super) const FAX: &str = "fax* telefax* telecopie télécopie ファックス 传真 faks* f t/f f/t";
/// Things that have numbers of their own: alone, with a word for number, or as the front of such a word.
pub(super) const OTHER: &str = "\
    order* invoice* rechnung* bestell* auftrag* kunden* customer* account* konto* iban bic blz vat* ust* uid steuer* tax* \
    isbn* issn ean gtin sku artikel* article* ticket* case* vorgang* aktenzeichen az ref* hrb hra plz zip serial* serien* \
    vertrag* contract* policy* police* versicherung* version ip commande* facture* siret siren tva client* ordine* \
    fattura* iva fiscale pedido* factura* fatura* nif cif dni encomenda* cpf cnpj cep nota zamówieni* faktur* nip regon \
    pesel krs bestelling* bestelnummer* factuur* btw kvk bsn klant* ordernummer* fakturanr orgnr organisationsnummer \
    personnummer ocr bankgiro plusgiro gstin pan aadhaar tracking* sendung* parcel* id pin tan code po belegnr beleg* \
    mandat* gläubiger* lieferschein* inventar* mitglied* member* passport* ausweis* charge* lot batch* job* project* \
    projekt* patient* matrikel* sozialversicherung* ssn nhs crm imei imsi mac wkn isin umsatz* betrag amount total summe \
    sum preis price quantity menge anzahl seite page zimmer room flight* flug* reservation* buchung* booking* cliente* \
    cuenta* akte* schaden* zähler* sn mat gerät* barcode kassenzeichen depot* los chip din fall sparkasse réf* dossier* \
    polizza prot matricola polis* kenmerk utr acct conta contas contasnr part parts partno partnr piva a/c c/c s/n p/n b/l \
    p/o m/n";
/// What makes a word the name of a paper, wherever it stands in it.
pub(super) const INSIDE: &str = "rechnung vertrag bestell";
/// Things that have numbers of their own, though people, firms and departments are called so too.
pub(super) const ODD: &str = "\
    gz fn geschäftszeichen paket* päckchen* verwendungszweck zahlung* überweisung* kto kreditkarte* upc pzn ch build \
    commit rev revision* bug bugs issue* zug* ice zvr* valor* valoren* pc rg rgnr rnr kd matr vers stnr idnr finanzamt \
    ismn doi asin hash md sha uuid guid schlüssel* kennung kennziffer lfd pos position öffnungszeiten datum date geb \
    geburtsdatum dhl ups fedex usps gls hermes dpd tnt awb colissimo chronopost correos inpost postnord postnl rcs \
    sécurité sociale série suivi colis contrat* devis compte* rib guichet adhérent* abonné* immatriculation permis vol \
    train billet* ape naf chèque* identifiant* sinistre* bordereau* livraison expédition* cf cod codice* fisc* rea \
    pratica* protocollo* rif riferimento spedizione* contratto* bolletta* conto tessera cig cup sdi treno volo cap bolla \
    ddt targa preventivo* partita fra expediente* expte exp póliza* poliza* contrato* albarán* presupuesto* envío* \
    seguimiento* localizador* serie matrícula* matricula* colegiado* vuelo tren nie justificante* recibo* registro* \
    afiliación registration* registered regist* inv ac claim* consignment* delivery meter* mpan mprn ein tin duns npi \
    confirmation* conf model permit* license* licence* check cheque* routing sort charity receipt* transaction* txn cusip \
    vin dob dea payment* shipment* shipping waybill* container* bill bills debiteur* crediteur* rekening* betaling* \
    pakket* zaak* zending* fv konta rachun* umow* sygn* akt akta przesył* paczk* działk* bdo dowód* zlecen* ie klient* bg \
    pg ärende* moms* avtal* kolli* försändelse* diarie* personnr uidai challan* registration gst* pnr roll cin ifsc voter \
    ration insc* inscri* nf nfe nfs fiscal boleto* protocolo* processo* agência* agencia* rastreio* rastreamento* código* \
    codigo* cód pis oab pix chave placa* renavam título* cnes cns seriennr lote lotto folio gutschein* postfach rma oem voucher* coupon* gate bin zählerstand iccid puk \
    otp";
/// What makes a word such a thing, wherever it stands in it.
pub(super) const ODD_INSIDE: &str = "konto zeichen referenz kenmerk karte";
/// Its ends, in scripts that do not part words.
pub(super) const ODD_ENDS: &str = "請求書 口座 普通 型番 品番 コード";
/// Ends of words for a kind of number, in languages that write them in one.
pub(super) const NUMBER_ENDS: &str = "nummer nr nummern numret numero";
/// Words between a label and its number.
pub(super) const FILLERS: &str = "\
    no nr num number nummer numéro número numero n nº is ist lautet lautete est è es at under unter on me us uns mich or \
    oder d e g der die das the jest är to an my our your ihre meine unsere new neue bitte please sie o a c of für for";
/// Words for a number of something.
pub(super) const NUMBER_WORDS: &str = "no nr num number nummer numéro número nº n° n # numer №";
/// Those that mean it in every language.
pub(super) const VALUED: &str = "nr n° nº № number nummer numéro numero número numer num";
/// Ends of words for a telephone, in scripts that do not part words.
pub(super) const PHONE_ENDS: &str =
    "電話 电话 電話番号 携帯 携帯電話 代表 連絡先 手机 전화 tel 直通 問い合わせ フリーダイヤル 携帯番号";
/// Ends of words for something else there.
pub(super) const OTHER_ENDS: &str = "番号 伝票 〒 订单号 주문번호 no";
/// Units and words behind a count or a sum.
pub(super) const UNITS: &str = "\
    eur euro euros usd gbp chf pln zł zl sek kr jpy yen inr brl rs dollar dollars cent cents ct pounds uhr km kg mm cm mb \
    gb kb tb kwh mwh kw ml mg px stück stk pcs pieces prozent percent ppm hz khz mhz ghz bytes bit tage days stunden hours \
    minuten minutes min sekunden seconds jahre years einwohner personen people users am pm mio mrd million millionen 円 元 \
    ms views aufrufe klicks clicks follower likes";
/// Words of money in front of a sum.
pub(super) const MONEY: &str = "eur usd gbp chf pln sek jpy inr brl rs r";
