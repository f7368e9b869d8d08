import CKist

// Parts of JSON values. A pointer is one of RFC 6901: "" is the whole document, "/a/0" the first element of the member
// a. A merge patch is one of RFC 7386: its members take the place of the document's, null removes them.

extension Store {
    /// The member of the JSON value of a key that a pointer names, its text as it stands there; nil when there is none.
    /// Nothing else of the document is decoded.
    ///
    /// Throws `wrongType` when the value is no JSON, and `invalidArgument` for what is no pointer.
    public func member(_ pointer: String, of key: some KeyConvertible) throws(KistError) -> JSON? {
        try document(keeping: self) { value, found, error in
            key.withKeyBytes { key in
                pointer.withKeyBytes {
                    kist_store_get_member(
                        handle, key.baseAddress, key.count, $0.baseAddress, $0.count, value, found, error)
                }
            }
        }
    }

    /// Changes the JSON value of a key by a merge patch; a key without a value gets one. What is not changed stays as it
    /// was written. Gives the new document. Throws `invalidJson`, with the position, `wrongType` and `wrongKind`.
    @discardableResult
    public func mergePatch(_ patch: JSON, into key: some KeyConvertible) throws(KistError) -> JSON {
        try profile.refuseInsideOfWrite()
        return try document(keeping: self) { value, _, error in
            key.withKeyBytes { key in
                patch.text.withKeyBytes {
                    kist_store_merge_patch(handle, key.baseAddress, key.count, $0.baseAddress, $0.count, value, error)
                }
            }
        } ?? JSON("")
    }
}

extension Reader {
    /// As `Store.member`.
    public func member(
        _ pointer: String, of key: some KeyConvertible, in store: Store
    ) throws(KistError) -> JSON? {
        try document(keeping: self) { value, found, error in
            key.withKeyBytes { key in
                pointer.withKeyBytes {
                    kist_reader_get_member(
                        handle, store.handle, key.baseAddress, key.count, $0.baseAddress, $0.count, value, found,
                        error)
                }
            }
        }
    }
}

extension Writer {
    /// As `Store.mergePatch`.
    @discardableResult
    public func mergePatch(
        _ patch: JSON, into key: some KeyConvertible, in store: Store
    ) throws(KistError) -> JSON {
        try document(keeping: self) { value, _, error in
            key.withKeyBytes { key in
                patch.text.withKeyBytes {
                    kist_writer_merge_patch(
                        handle, store.handle, key.baseAddress, key.count, $0.baseAddress, $0.count, value, error)
                }
            }
        } ?? JSON("")
    }
}

/// The document that a call gives, in memory of its own; nil where it gives none.
private func document(
    keeping owner: AnyObject,
    _ call: (
        UnsafeMutablePointer<kist_value>, UnsafeMutablePointer<Bool>, UnsafeMutablePointer<kist_error>
    ) -> kist_code
) throws(KistError) -> JSON? {
    var value = kist_value()
    var found = false
    defer { kist_value_free(&value) }
    try perform(keeping: owner) { call(&value, &found, $0) }
    guard case .json(let document)? = value.tag == kist_tag(KIST_TAG_NONE) ? nil : try Value(value) else { return nil }
    return document
}
