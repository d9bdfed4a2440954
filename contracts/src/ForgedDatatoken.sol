// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Emits whatever order events it is told to, and is paid nothing: what a log is worth whose emitter nobody checks.
contract ForgedDatatoken {
    event OrderStarted(
        address indexed consumer,
        address payer,
        uint256 amount,
        uint256 serviceIndex,
        uint256 timestamp,
        address indexed publishMarketAddress,
        uint256 blockNumber
    );
    event OrderReused(bytes32 orderTxId, address caller, uint256 timestamp, uint256 number);
    event ProviderFee(
        address indexed providerFeeAddress,
        address indexed providerFeeToken,
        uint256 providerFeeAmount,
        bytes providerData,
        uint8 v,
        bytes32 r,
        bytes32 s,
        uint256 validUntil
    );

    struct Fee {
        address providerFeeAddress;
        address providerFeeToken;
        uint256 providerFeeAmount;
        uint8 v;
        bytes32 r;
        bytes32 s;
        uint256 validUntil;
        bytes providerData;
    }

    function forgeOrder(address consumer, uint256 serviceIndex, Fee calldata fee) external {
        emit OrderStarted(consumer, msg.sender, 1e18, serviceIndex, block.timestamp, address(0), block.number);
        _forgeFee(fee);
    }

    function forgeReuse(bytes32 orderTxId, Fee calldata fee) external {
        emit OrderReused(orderTxId, msg.sender, block.timestamp, block.number);
        _forgeFee(fee);
    }

    function _forgeFee(Fee calldata fee) private {
        emit ProviderFee(
            fee.providerFeeAddress,
            fee.providerFeeToken,
            fee.providerFeeAmount,
            fee.providerData,
            fee.v,
            fee.r,
            fee.s,
            fee.validUntil
        );
    }
}
