import CKist

/// What a file to import is.
public enum ImportFormat: UInt32, Sendable {
    /// Found out by its content.
    case detect = 0
    /// rkv SafeMode: `data.safe.bin`, in either form.
    case safeMode = 1
    /// LMDB 0.9: `data.mdb`, of 32 or 64 bits and either byte order.
    case lmdb = 2
    /// What `Profile.exportJSON` writes.
    case json = 3
}

/// What happens to a key that has another value already; the same value is never a conflict.
public enum OnConflict: UInt32, Sendable {
    /// The import throws `alreadyExists`, and nothing has changed.
    case error = 0
    /// The value that is there stays.
    case ignore = 1
    /// The imported value takes its place.
    case replace = 2
}

/// What an import did; each record was added, unchanged, replaced or ignored.
public struct ImportReport: Sendable, Equatable {
    /// Stores that were read.
    public let stores: UInt64
    /// Records that were read.
    public let records: UInt64
    /// New ones.
    public let added: UInt64
    /// There already, the same.
    public let unchanged: UInt64
    /// With `OnConflict.replace`.
    public let replaced: UInt64
    /// With `OnConflict.ignore`.
    public let ignored: UInt64
}

extension Profile {
    /// Stores what a file of another store holds: all of it, in one durable transaction, or on any error nothing. The
    /// file is only read; stores are created as needed.
    ///
    /// With `plainBytes` the values of an LMDB file become blobs; else they are in rkv's encoding. `unnamed` is the store
    /// for what is in no named database. Throws `notFound`, `notAStore`, `damaged`, `alreadyExists`, `wrongKind`.
    @discardableResult
    public func importFile(
        at path: String, format: ImportFormat = .detect, onConflict: OnConflict = .error, plainBytes: Bool = false,
        unnamed: String = "default"
    ) throws(KistError) -> ImportReport {
        try refuseInsideOfWrite()
        var report = kist_import_report()
        report.struct_size = UInt32(MemoryLayout<kist_import_report>.size)
        try perform(keeping: self) { error in
            path.withKeyBytes { path in
                unnamed.withKeyBytes { name in
                    var options = kist_import_options()
                    options.struct_size = UInt32(MemoryLayout<kist_import_options>.size)
                    options.format = format.rawValue
                    options.on_conflict = onConflict.rawValue
                    options.plain_bytes = plainBytes
                    options.unnamed = kist_bytes(
                        data: name.baseAddress?.assumingMemoryBound(to: UInt8.self), size: name.count)
                    return kist_profile_import(handle, path.baseAddress, path.count, &options, &report, error)
                }
            }
        }
        return ImportReport(
            stores: report.stores, records: report.records, added: report.added, unchanged: report.unchanged,
            replaced: report.replaced, ignored: report.ignored)
    }

    /// Writes one snapshot of all stores to a file, pipe or socket, which stays the caller's, as a JSON document that
    /// `importFile` makes the same of again. Gives the number of records.
    @discardableResult
    public func exportJSON(to descriptor: Int32) throws(KistError) -> Int {
        var records: UInt64 = 0
        try perform(keeping: self) { kist_profile_export(handle, descriptor, nil, 0, nil, nil, &records, $0) }
        return Int(clamping: records)
    }
}
