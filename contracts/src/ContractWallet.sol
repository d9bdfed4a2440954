// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A consumer that is a contract and has no key of its own (ERC-1271): its owner signs for it and acts through it.
contract ContractWallet {
    bytes4 private constant VALID = 0x1626ba7e;
    bytes4 private constant INVALID = 0xffffffff;
    uint256 private constant HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    address public immutable owner;

    error NotTheOwner();

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {}

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return INVALID;
        bytes32 s = bytes32(signature[32:64]);
        if (uint256(s) > HIGHEST_S) return INVALID;
        address signer = ecrecover(digest, uint8(signature[64]), bytes32(signature[0:32]), s);
        return signer == owner ? VALID : INVALID;
    }

    function execute(address target, uint256 value, bytes calldata callData) external returns (bytes memory) {
        if (msg.sender != owner) revert NotTheOwner();
        (bool success, bytes memory answer) = target.call{value: value}(callData);
        if (!success) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }
}
